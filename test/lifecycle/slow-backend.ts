/** A storage that answers after a random while of simulated time, so that processes interleave. */
import type { Clock } from "#base/clock.ts";
import type {
  Backend,
  CallOptions,
  FileRef,
  FileType,
  ListedFile,
  ReadOptions,
  WriteOptions,
} from "#backends/backend.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";

/** Waits before and after each effect, as on a network. */
export class SlowBackend extends WrappedBackend {
  readonly #clock: Clock;
  readonly #delayMs: () => number;

  constructor(inner: Backend, clock: Clock, delayMs: () => number) {
    super(inner);
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  override async write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    await this.#wait();
    await this.inner.write(file, parts, options);
    await this.#wait();
  }

  override async read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    await this.#wait();
    return this.inner.read(file, options);
  }

  override async stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    await this.#wait();
    return this.inner.stat(file, options);
  }

  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    await this.#wait();
    const files: ListedFile[] = [];
    for await (const file of this.inner.list(type, options)) files.push(file);
    await this.#wait();
    yield* files;
  }

  override async remove(file: FileRef, options?: CallOptions): Promise<void> {
    await this.#wait();
    await this.inner.remove(file, options);
    await this.#wait();
  }

  #wait(): Promise<void> {
    return this.#clock.sleep(this.#delayMs());
  }
}
