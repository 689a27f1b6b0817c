/**
 * Keeps a storage within bounds: bytes per second each way, changeable while running, and calls at
 * once. Lock files are exempt, so that a lock stays fresh however busy the line is.
 */
import type { Clock } from "#base/clock.ts";
import { Limiter } from "#base/limiter.ts";
import type {
  Backend,
  CallOptions,
  FileRef,
  FileType,
  ListedFile,
  ReadOptions,
  WriteOptions,
} from "#backends/backend.ts";
import { TokenBucket } from "#backends/wrappers/token-bucket.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";

export interface LimitOptions {
  readonly clock: Clock;
  /** Calls at once. Default: what the storage names. */
  readonly connections?: number;
  /** Bytes per second, default no limit. */
  readonly upload?: number;
  readonly download?: number;
}

/** Whole files are paced, not single packets: the average holds over a few files. */
export class LimitBackend extends WrappedBackend {
  readonly #calls: Limiter;
  readonly #upload: TokenBucket;
  readonly #download: TokenBucket;
  #connections: number;

  constructor(inner: Backend, options: LimitOptions) {
    super(inner);
    this.#connections = options.connections ?? inner.connections;
    this.#calls = new Limiter(this.#connections);
    this.#upload = new TokenBucket(options.clock, options.upload ?? Infinity);
    this.#download = new TokenBucket(options.clock, options.download ?? Infinity);
  }

  override get connections(): number {
    return this.#connections;
  }

  /**
   * Changes the bounds at once; what is left out stays. Rates in bytes per second, Infinity for
   * none.
   */
  setLimits(limits: { upload?: number; download?: number; connections?: number }): void {
    if (limits.upload !== undefined) this.#upload.setRate(limits.upload);
    if (limits.download !== undefined) this.#download.setRate(limits.download);
    if (limits.connections === undefined) return;
    this.#connections = limits.connections;
    this.#calls.setLimit(limits.connections);
  }

  override write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    return this.#call(file.type, options, async () => {
      const size = parts.reduce((sum, part) => sum + part.length, 0);
      if (file.type !== "lock") await this.#upload.take(size, options?.signal);
      await this.inner.write(file, parts, options);
    });
  }

  override read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    return this.#call(file.type, options, async () => {
      if (file.type === "lock") return this.inner.read(file, options);
      await this.#download.take(0, options?.signal);
      // Charged by what came, as a cache below or a failure may have made it less.
      const bytes = await this.inner.read(file, options);
      this.#download.charge(bytes.length);
      return bytes;
    });
  }

  override stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    return this.#call(file.type, options, () => this.inner.stat(file, options));
  }

  /** A place is held while the storage is asked, not while the caller works on an entry. */
  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    const listing = this.inner.list(type, options)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await this.#call(type, options, async () => listing.next());
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      await listing.return?.();
    }
  }

  override remove(file: FileRef, options?: CallOptions): Promise<void> {
    return this.#call(file.type, options, () => this.inner.remove(file, options));
  }

  #call<T>(type: FileType, options: CallOptions | undefined, task: () => Promise<T>): Promise<T> {
    return type === "lock" ? task() : this.#calls.run(task, options?.signal);
  }
}
