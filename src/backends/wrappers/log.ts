/**
 * Tells a listener of every call to the storage: what was asked, how long it took, how it ended.
 */
import type { Clock } from "#base/clock.ts";
import { isCofferError } from "#base/errors.ts";
import type { ErrorCode } from "#base/error-codes.ts";
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

export type BackendCall = "create" | "write" | "read" | "stat" | "list" | "remove";

export interface BackendLogEvent {
  readonly call: BackendCall;
  readonly type: FileType | undefined;
  readonly name: string | undefined;
  /** Bytes moved by `read` and `write`, entries given by `list`, else 0. */
  readonly amount: number;
  readonly ms: number;
  /** Absent when the call succeeded; INTERNAL for anything that is not a CofferError. */
  readonly error: ErrorCode | undefined;
}

/** The listener is called when a call ends and must not throw. */
export class LogBackend extends WrappedBackend {
  readonly #clock: Clock;
  readonly #listener: (event: BackendLogEvent) => void;

  constructor(inner: Backend, clock: Clock, listener: (event: BackendLogEvent) => void) {
    super(inner);
    this.#clock = clock;
    this.#listener = listener;
  }

  override create(options?: CallOptions): Promise<void> {
    return this.#log("create", undefined, () => this.inner.create(options), none);
  }

  override write(
    file: FileRef,
    parts: readonly Uint8Array[],
    options?: WriteOptions,
  ): Promise<void> {
    const size = (): number => parts.reduce((sum, part) => sum + part.length, 0);
    return this.#log("write", file, () => this.inner.write(file, parts, options), size);
  }

  override read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    return this.#log(
      "read",
      file,
      () => this.inner.read(file, options),
      (got) => got.length,
    );
  }

  override stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    return this.#log("stat", file, () => this.inner.stat(file, options), none);
  }

  override async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    const began = this.#clock.monotonicMs();
    let amount = 0;
    let error: ErrorCode | undefined;
    try {
      for await (const file of this.inner.list(type, options)) {
        amount++;
        yield file;
      }
    } catch (thrown) {
      error = codeOf(thrown);
      throw thrown;
    } finally {
      const ms = this.#clock.monotonicMs() - began;
      this.#listener({ call: "list", type, name: undefined, amount, ms, error });
    }
  }

  override remove(file: FileRef, options?: CallOptions): Promise<void> {
    return this.#log("remove", file, () => this.inner.remove(file, options), none);
  }

  async #log<T>(
    call: BackendCall,
    file: FileRef | undefined,
    task: () => Promise<T>,
    amountOf: (result: T) => number,
  ): Promise<T> {
    const began = this.#clock.monotonicMs();
    const tell = (amount: number, error: ErrorCode | undefined): void => {
      const ms = this.#clock.monotonicMs() - began;
      this.#listener({ call, type: file?.type, name: file?.name, amount, ms, error });
    };
    let result: T;
    try {
      result = await task();
    } catch (error) {
      tell(0, codeOf(error));
      throw error;
    }
    tell(amountOf(result), undefined);
    return result;
  }
}

function none(): number {
  return 0;
}

function codeOf(error: unknown): ErrorCode {
  return isCofferError(error) ? error.code : "INTERNAL";
}
