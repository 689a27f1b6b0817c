/**
 * The one error class of the engine: a stable code, a sentence that names the object, facts as
 * data. Secrets never enter `message` or `data`.
 */
import { ERROR_CODES, type ErrorCode } from "#base/error-codes.ts";

/** Extra facts about an error. Plain values only, so that they survive `postMessage` and JSON. */
export type ErrorData = Readonly<Record<string, string | number | boolean>>;

/** An error that a caller may handle by its code. Anything else thrown is a defect. */
export class CofferError extends Error {
  readonly code: ErrorCode;
  readonly data: ErrorData;
  /** Set by backends: the same call may succeed later. Read by the retry wrapper only. */
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: ErrorData; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CofferError";
    this.code = code;
    this.data = options.data ?? {};
    this.retryable = options.retryable ?? false;
  }

  /** What to do next, as a sentence. */
  get guidance(): string {
    return ERROR_CODES[this.code].guidance;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** Narrows an unknown thrown value, optionally to given codes. */
export function isCofferError(error: unknown, ...codes: ErrorCode[]): error is CofferError {
  return error instanceof CofferError && (codes.length === 0 || codes.includes(error.code));
}

/** True for codes that mean "these bytes are not what was stored". */
export function isCorruption(error: unknown): error is CofferError {
  return isCofferError(
    error,
    "BAD_MAC",
    "BAD_HASH",
    "BAD_FORMAT",
    "BAD_TREE",
    "TOO_LARGE",
    "SHORT_READ",
  );
}

/** Throws ABORTED when the signal has fired, or its reason where that says more (LOCK_LOST). */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (isCofferError(signal.reason)) throw signal.reason;
  throw new CofferError("ABORTED", "Interrupted", { cause: signal.reason });
}

/** The message of any thrown value, for texts shown to people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A thrown value in a shape that survives `postMessage`; see {@link fromWire}. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: ErrorData;
  readonly stack: string | undefined;
}

/** Encodes any thrown value for another thread. Unknown errors become INTERNAL with their stack. */
export function toWire(error: unknown): WireError {
  if (isCofferError(error)) {
    return { code: error.code, message: error.message, data: error.data, stack: error.stack };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: "INTERNAL", message: messageOf(error), data: {}, stack };
}

/** Rebuilds the error sent by {@link toWire}, keeping the other thread's stack. */
export function fromWire(wire: WireError): CofferError {
  const error = new CofferError(wire.code, wire.message, { data: wire.data });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
