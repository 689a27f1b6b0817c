/**
 * Tries failed calls again, by restic's rules. Idempotent by design: an upload whose answer was
 * lost is looked up before it is repeated, and a removal that finds nothing the second time has
 * succeeded.
 */
import { concatBytes, equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import {
  describeFile,
  type Backend,
  type CallOptions,
  type FileRef,
  type FileType,
  type ListedFile,
  type ReadOptions,
  type WriteOptions,
} from "#backends/backend.ts";
import { isRetryable, withRetries, type BackOffOptions } from "#backends/wrappers/back-off.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";

/** How long a file whose retries were used up fails at once (restic's circuit breaker). */
const GIVEN_UP_MS = 60 * 60_000;

/** Wraps a storage; errors arrive only when retries cannot help or were used up. */
export class RetryBackend extends WrappedBackend {
  readonly #options: BackOffOptions;
  /** File to the time until which reading it is not tried again. */
  readonly #givenUp = new Map<string, number>();

  constructor(inner: Backend, options: BackOffOptions) {
    super(inner);
    this.#options = options;
  }

  override create(options?: CallOptions): Promise<void> {
    return this.#retry("create", () => this.inner.create(options), options?.signal);
  }

  override write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    const attempt = async (number: number): Promise<void> => {
      if (number > 1 && (await this.#isStored(file, parts, options))) return;
      try {
        await this.inner.write(file, parts, options);
      } catch (error) {
        // After a lost answer the name may be taken by our own bytes, shown late by the storage.
        if (number === 1 || !isCofferError(error, "ALREADY_EXISTS")) throw error;
        if (!(await this.#isStored(file, parts, options))) throw error;
      }
    };
    return this.#retry(`write ${describeFile(file)}`, attempt, options?.signal);
  }

  override async read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    const key = `${file.type} ${file.name}`;
    const until = this.#givenUp.get(key);
    if (until !== undefined) {
      if (this.#options.clock.monotonicMs() < until) {
        throw new CofferError("STORAGE_FAILED", `Reading the ${describeFile(file)} was given up`);
      }
      this.#givenUp.delete(key);
    }
    try {
      const attempt = (): Promise<Uint8Array> => this.inner.read(file, options);
      return await this.#retry(`read ${describeFile(file)}`, attempt, options?.signal);
    } catch (error) {
      if (isRetryable(error)) {
        this.#givenUp.set(key, this.#options.clock.monotonicMs() + GIVEN_UP_MS);
      }
      throw error;
    }
  }

  override stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    const attempt = (): Promise<ListedFile | undefined> => this.inner.stat(file, options);
    return this.#retry(`stat ${describeFile(file)}`, attempt, options?.signal);
  }

  /** A listing that breaks off is begun anew; entries already given are not given twice. */
  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    const seen = new Set<string>();
    let listing: AsyncIterator<ListedFile> | undefined;
    const attempt = async (): Promise<ListedFile | undefined> => {
      listing ??= this.inner.list(type, options)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const step = await listing.next();
          if (step.done === true) return undefined;
          if (!seen.has(step.value.name)) return step.value;
        }
      } catch (error) {
        listing = undefined;
        throw error;
      }
    };
    try {
      for (;;) {
        const file = await this.#retry(`list ${type} files`, attempt, options?.signal);
        if (file === undefined) return;
        seen.add(file.name);
        yield file;
      }
    } finally {
      await listing?.return?.();
    }
  }

  override remove(file: FileRef, options?: CallOptions): Promise<void> {
    const attempt = async (number: number): Promise<void> => {
      try {
        await this.inner.remove(file, options);
      } catch (error) {
        if (number === 1 || !isCofferError(error, "NOT_FOUND")) throw error;
      }
    };
    return this.#retry(`remove ${describeFile(file)}`, attempt, options?.signal);
  }

  #retry<T>(
    call: string,
    attempt: (number: number) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return withRetries(call, attempt, this.#options, signal);
  }

  /**
   * Whether the bytes of a write with an unknown outcome are there. A torn file is removed, so that
   * the name is free again; nobody else can have begun it, since the name is the hash of our bytes.
   * Only `config` is a name that others write too: it is compared and never removed.
   */
  async #isStored(
    file: FileRef,
    parts: readonly Uint8Array[],
    options: CallOptions | undefined,
  ): Promise<boolean> {
    const signal = options?.signal;
    const found = await this.inner.stat(file, { signal });
    if (found === undefined) return false;
    if (file.type === "config") {
      const stored = await this.inner.read(file, { signal, fresh: true });
      if (equalBytes(stored, concatBytes(parts))) return true;
      throw new CofferError("ALREADY_EXISTS", "Another config was stored meanwhile");
    }
    if (found.size === parts.reduce((sum, part) => sum + part.length, 0)) return true;
    if (!this.supports.remove) {
      throw new CofferError("STORAGE_FAILED", `A torn ${describeFile(file)} cannot be replaced`);
    }
    await this.inner.remove(file, { signal });
    return false;
  }
}
