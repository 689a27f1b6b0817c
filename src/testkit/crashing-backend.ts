/**
 * Stops dead at one call to the storage, as if the process had been killed there: before the effect
 * or after it. From then on every call throws, also those that were under way.
 */
import { throwIfAborted } from "#base/errors.ts";
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

/** Not a CofferError, so that no code under test can handle it. */
export class SimulatedCrash extends Error {
  constructor(call: number) {
    super(`Simulated crash at storage call ${call}`);
    this.name = "SimulatedCrash";
  }
}

export interface CrashPoint {
  /** The call to stop at, from 1. Infinity: never, to count the calls of a run. */
  readonly at: number;
  readonly when: "before" | "after";
}

/** Use: run once with `at: Infinity`, read `calls`, then once for every call before and after. */
export class CrashingBackend extends WrappedBackend {
  #point: CrashPoint;
  #calls = 0;
  #deadAt: number | undefined;

  constructor(inner: Backend, point: CrashPoint) {
    super(inner);
    this.#point = point;
  }

  /** Calls made so far, listings counted once. */
  get calls(): number {
    return this.#calls;
  }

  get isDead(): boolean {
    return this.#deadAt !== undefined;
  }

  /** Lets calls through again, as a new process would; the count starts over. */
  revive(point: CrashPoint = { at: Infinity, when: "before" }): void {
    this.#point = point;
    this.#calls = 0;
    this.#deadAt = undefined;
  }

  override create(options?: CallOptions): Promise<void> {
    return this.#call(() => this.inner.create(options));
  }

  override write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    return this.#call(() => this.inner.write(file, parts, options));
  }

  override read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    return this.#call(() => this.inner.read(file, options));
  }

  override stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    return this.#call(() => this.inner.stat(file, options));
  }

  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    throwIfAborted(options?.signal);
    const call = this.#begin();
    try {
      for await (const file of this.inner.list(type, options)) {
        this.#checkAlive();
        yield file;
      }
    } finally {
      this.#end(call);
    }
  }

  override remove(file: FileRef, options?: CallOptions): Promise<void> {
    return this.#call(() => this.inner.remove(file, options));
  }

  async #call<T>(effect: () => Promise<T>): Promise<T> {
    const call = this.#begin();
    try {
      return await effect();
    } finally {
      // Also after a call that failed: its error is not seen by a dead process.
      this.#end(call);
    }
  }

  #begin(): number {
    this.#checkAlive();
    const call = ++this.#calls;
    if (call === this.#point.at && this.#point.when === "before") this.#die(call);
    return call;
  }

  #end(call: number): void {
    if (call === this.#point.at && this.#point.when === "after") this.#die(call);
    this.#checkAlive();
  }

  #die(call: number): never {
    this.#deadAt = call;
    throw new SimulatedCrash(call);
  }

  #checkAlive(): void {
    if (this.#deadAt !== undefined) throw new SimulatedCrash(this.#deadAt);
  }
}
