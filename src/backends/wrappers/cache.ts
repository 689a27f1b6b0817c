/**
 * Answers from local copies: snapshots, indexes and the packs of trees, as restic does. Copies are
 * the stored, sealed bytes. Invariant: a copy is used only after its SHA-256 was found equal to its
 * name in this process, and trouble with the cache never fails a call (docs/format.md, section 1).
 */
import { toHex } from "#base/bytes.ts";
import { isCofferError, throwIfAborted } from "#base/errors.ts";
import type { MaybePromise } from "#base/maybe-promise.ts";
import type {
  Backend,
  CallOptions,
  FileRef,
  FileType,
  ListedFile,
  ReadOptions,
  WriteOptions,
} from "#backends/backend.ts";
import { CACHED_TYPES, type CacheStore } from "#backends/wrappers/cache-store.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";

/** Packs above this are not fetched whole for one tree: restic's largest pack size. */
const LARGEST_COPY = 128 * 1024 * 1024;

export interface CacheOptions {
  readonly store: CacheStore;
  /** SHA-256 of the parts joined. */
  readonly sha256: (parts: readonly Uint8Array[]) => MaybePromise<Uint8Array>;
  /** Told when a copy was broken or the cache cannot be written; the call goes on without it. */
  readonly onProblem?: (message: string) => void;
}

/** Wraps a slow storage. For a local repository the copies would cost more than they save. */
export class CacheBackend extends WrappedBackend {
  readonly #store: CacheStore;
  readonly #sha256: CacheOptions["sha256"];
  readonly #onProblem: ((message: string) => void) | undefined;
  /** Copies whose hash was found right, or that were written, by this process. */
  readonly #sound = new Set<string>();
  /** Whole files on their way into the cache, so that no two readers fetch one twice. */
  readonly #fetching = new Map<string, Promise<boolean>>();

  constructor(inner: Backend, options: CacheOptions) {
    super(inner);
    this.#store = options.store;
    this.#sha256 = options.sha256;
    this.#onProblem = options.onProblem;
  }

  /** Stores first, then keeps a copy: nothing is in the cache that is not in the storage. */
  override async write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    await this.inner.write(file, parts, options);
    if (isCached(file.type, options?.cacheable)) await this.#keep(file, parts);
  }

  override async read(file: FileRef, options: ReadOptions = {}): Promise<Uint8Array> {
    throwIfAborted(options.signal);
    if (!isCached(file.type, options.cacheable)) return this.inner.read(file, options);
    if (options.fresh !== true) {
      const copy = await this.#copyOf(file, options);
      if (copy !== undefined) return copy;
    } else {
      await this.#drop(file);
    }
    if (isWhole(options)) {
      const bytes = await this.inner.read(file, options);
      if (await this.#isRight(file, [bytes])) await this.#keep(file, [bytes]);
      return bytes;
    }
    if (await this.#fetchOnce(file, options)) {
      const copy = await this.#copyOf(file, options);
      if (copy !== undefined) return copy;
    }
    // Too large, broken in the storage, or the cache has no room: just the part asked for.
    return this.inner.read(file, options);
  }

  /** After a complete listing, copies of files that are no longer there are dropped. */
  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    if (!CACHED_TYPES.some((cached) => cached === type)) {
      yield* this.inner.list(type, options);
      return;
    }
    // Taken first: a file that is written and kept while the listing runs must stay.
    const copies = new Set(await this.#safely(() => this.#store.list(type, options), []));
    for await (const file of this.inner.list(type, options)) {
      copies.delete(file.name);
      yield file;
    }
    for (const name of copies) await this.#drop({ type, name });
  }

  override async remove(file: FileRef, options?: CallOptions): Promise<void> {
    await this.inner.remove(file, options);
    if (isCached(file.type, true)) await this.#drop(file);
  }

  /** The bytes asked for from a sound copy. A copy is hashed whole before its first use. */
  async #copyOf(file: FileRef, options: ReadOptions): Promise<Uint8Array | undefined> {
    const { offset, length } = options;
    if (!this.#sound.has(keyOf(file))) {
      const whole = await this.#safely(() => this.#store.read(file), undefined);
      if (whole === undefined) return undefined;
      if (!(await this.#isRight(file, [whole]))) {
        this.#onProblem?.(`Dropped a broken copy of ${file.type} ${file.name} from the cache`);
        await this.#drop(file);
        return undefined;
      }
      this.#sound.add(keyOf(file));
      if (isWhole(options)) return whole;
    }
    return this.#safely(() => this.#store.read(file, offset, length), undefined);
  }

  /** Fetches the whole file into the cache; false when it is not kept. */
  async #fetchOnce(file: FileRef, options: CallOptions): Promise<boolean> {
    const key = keyOf(file);
    const running = this.#fetching.get(key);
    if (running !== undefined) {
      try {
        return await running;
      } catch (error) {
        // The other reader's interruption is not ours: ask for our part alone.
        if (!isCofferError(error)) throw error;
        return false;
      }
    }
    const fetching = this.#fetch(file, options).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    return fetching;
  }

  async #fetch(file: FileRef, { signal }: CallOptions): Promise<boolean> {
    const found = await this.inner.stat(file, { signal });
    if (found === undefined || found.size > LARGEST_COPY) return false;
    const bytes = await this.inner.read(file, { signal, length: found.size });
    return (await this.#isRight(file, [bytes])) && (await this.#keep(file, [bytes]));
  }

  async #isRight(file: FileRef, parts: readonly Uint8Array[]): Promise<boolean> {
    return toHex(await this.#sha256(parts)) === file.name;
  }

  async #keep(file: FileRef, parts: readonly Uint8Array[]): Promise<boolean> {
    const kept = await this.#safely(async () => {
      await this.#store.write(file, parts);
      return true;
    }, false);
    if (kept) this.#sound.add(keyOf(file));
    return kept;
  }

  async #drop(file: FileRef): Promise<void> {
    this.#sound.delete(keyOf(file));
    await this.#safely(() => this.#store.remove(file), undefined);
  }

  /**
   * A cache that fails is a cache that has nothing. An interruption and a defect still get through.
   */
  async #safely<T>(task: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (!isCofferError(error) || error.code === "ABORTED") throw error;
      this.#onProblem?.(`The cache cannot be used: ${error.message}`);
      return otherwise;
    }
  }
}

function isCached(type: FileType, cacheable: boolean | undefined): boolean {
  return type === "snapshot" || type === "index" || (type === "pack" && cacheable === true);
}

function isWhole(options: ReadOptions): boolean {
  return (options.offset ?? 0) === 0 && options.length === undefined;
}

function keyOf(file: FileRef): string {
  return `${file.type} ${file.name}`;
}
