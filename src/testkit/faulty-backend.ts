/**
 * A storage that lies and breaks as its plan says. The storage within stays the truth, apart from
 * torn and lost writes; what callers see is the view.
 */
import { concatBytes } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { randomBelow } from "#base/random.ts";
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
import type { BackendCall } from "#backends/wrappers/log.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";
import { FaultPlan, type FaultKind, type FaultOptions } from "#testkit/fault-plan.ts";

/** Give it a plan, run the test, then `plan.assertAllHit()`; on failure print `plan.describe()`. */
export class FaultyBackend extends WrappedBackend {
  readonly plan: FaultPlan;
  /** File to the bit that is wrong in every answer: a fraction of its length. */
  readonly #flipped = new Map<string, number>();
  readonly #newest = new Map<FileType, string>();
  readonly #removed = new Map<FileType, ListedFile>();

  constructor(inner: Backend, options: FaultOptions) {
    super(inner);
    this.plan = new FaultPlan(options);
  }

  override create(options?: CallOptions): Promise<void> {
    return this.#call("create", undefined, () => this.inner.create(options));
  }

  override async write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    await this.#call("write", file, async (fault) => {
      if (fault === "full")
        throw new CofferError("STORAGE_FULL", `No space for ${describeFile(file)}`);
      if (fault === "lost-write") return;
      if (fault === "torn-write") {
        const bytes = concatBytes(parts);
        const cut = bytes.length === 0 ? 0 : randomBelow(this.plan.random, bytes.length);
        await this.inner.write(file, [bytes.subarray(0, cut)], options);
        throw broken("write", file);
      }
      await this.inner.write(file, parts, options);
      this.#newest.set(file.type, file.name);
    });
  }

  override read(file: FileRef, options: ReadOptions = {}): Promise<Uint8Array> {
    return this.#call("read", file, async (fault) => {
      if (fault === "flip-always") {
        this.#flipped.set(keyOf(file), randomBelow(this.plan.random, 1_000_000) / 1_000_000);
      }
      const bytes = await this.#readOther(
        fault === "wrong-object" ? file : undefined,
        file,
        options,
      );
      const spot = this.#flipped.get(keyOf(file));
      if (spot !== undefined) await this.#flipStored(file, bytes, options.offset ?? 0, spot);
      if (bytes.length === 0) return bytes;
      if (fault === "flip-once") flip(bytes, randomBelow(this.plan.random, bytes.length * 8));
      if (fault === "truncated-read") {
        return bytes.subarray(0, randomBelow(this.plan.random, bytes.length));
      }
      return bytes;
    });
  }

  override stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    return this.#call("stat", file, () => this.inner.stat(file, options));
  }

  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    const fault = this.plan.next("list", type);
    if (fault === "error-before") throw broken("list", undefined);
    if (fault === "denied") throw denied("list");
    let given = 0;
    const removed = this.#removed.get(type);
    if (fault === "list-removed" && removed !== undefined) yield removed;
    for await (const file of this.inner.list(type, options)) {
      if (fault === "hide-newest" && file.name === this.#newest.get(type)) continue;
      // One entry is enough to tell a listing that broke off from one that never began.
      if (given++ >= 1 && fault === "stop-listing") return;
      if (given > 1 && fault === "error-after") throw broken("list", undefined);
      yield file;
      if (fault === "repeat-entries") yield file;
    }
    if (fault === "error-after") throw broken("list", undefined);
  }

  override remove(file: FileRef, options?: CallOptions): Promise<void> {
    return this.#call("remove", file, async () => {
      const found = await this.inner.stat(file);
      await this.inner.remove(file, options);
      if (found !== undefined) this.#removed.set(file.type, found);
    });
  }

  async #call<T>(
    call: BackendCall,
    file: FileRef | undefined,
    effect: (fault: FaultKind | undefined) => Promise<T>,
  ): Promise<T> {
    const fault = this.plan.next(call, file?.type);
    if (fault === "error-before") throw broken(call, file);
    if (fault === "denied") throw denied(call);
    const result = await effect(fault);
    if (fault === "error-after") throw broken(call, file);
    return result;
  }

  /**
   * The bytes of another file of the type when there is one that is long enough, else the right
   * ones.
   */
  async #readOther(
    not: FileRef | undefined,
    file: FileRef,
    options: ReadOptions,
  ): Promise<Uint8Array> {
    if (not === undefined) return this.inner.read(file, options);
    const end = (options.offset ?? 0) + (options.length ?? 0);
    for await (const { name, size } of this.inner.list(file.type)) {
      if (name !== not.name && size >= end)
        return this.inner.read({ type: file.type, name }, options);
    }
    return this.inner.read(file, options);
  }

  /** Flips the same bit of the file whatever range was asked for. */
  async #flipStored(file: FileRef, bytes: Uint8Array, offset: number, spot: number): Promise<void> {
    const size = (await this.inner.stat(file))?.size ?? 0;
    const bit = Math.floor(spot * size * 8) - offset * 8;
    if (bit >= 0 && bit < bytes.length * 8) flip(bytes, bit);
  }
}

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3]! ^= 1 << (bit & 7);
}

function keyOf(file: FileRef): string {
  return `${file.type} ${file.name}`;
}

function broken(call: BackendCall, file: FileRef | undefined): CofferError {
  const what = file === undefined ? "" : ` of ${describeFile(file)}`;
  return new CofferError("STORAGE_FAILED", `Simulated fault: ${call}${what}`, { retryable: true });
}

function denied(call: BackendCall): CofferError {
  return new CofferError("DENIED", `Simulated fault: ${call} denied`);
}
