/**
 * Assertions of the storage suite, free of any test runner, so that it can run as a command too.
 */
import { equalBytes } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import type { ErrorCode } from "#base/error-codes.ts";

/** Equality of plain values by their JSON. */
export function equal(got: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

/** Equality of bytes; the message gives lengths only. */
export function sameBytes(got: Uint8Array, wanted: Uint8Array, what: string): void {
  if (equalBytes(got, wanted)) return;
  throw new Error(`${what}: expected ${wanted.length} bytes, got ${got.length} that differ`);
}

/** The value is a CofferError with the code. */
export function expectCode(error: unknown, code: ErrorCode, what: string): void {
  if (!isCofferError(error, code)) throw new Error(`${what}: not ${code}`, { cause: error });
}

/** The call rejects with the code. */
export async function fails(call: Promise<unknown>, code: ErrorCode, what: string): Promise<void> {
  const [result] = await Promise.allSettled([call]);
  if (result.status === "fulfilled") throw new Error(`${what}: expected ${code}, but it succeeded`);
  expectCode(result.reason, code, what);
}
