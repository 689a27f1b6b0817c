/**
 * Errors of system calls in the shape that Node gives its own: `code`, `errno`, `syscall`, `path`,
 * and the same message, so that callers need not know which way a call was made.
 */
import { fromUtf8 } from "#base/bytes.ts";
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** An error of the operating system. `code` is the symbolic name: `ENOENT`, `EACCES`, … */
export interface SystemError extends Error {
  readonly code: string;
  /** Negative, as in Node. */
  readonly errno: number;
  readonly syscall: string;
  /** Text for people: bytes that are not UTF-8 show as U+FFFD. */
  readonly path?: string;
}

const MAX_SHOWN_PATH = 1000;

/** Builds the error of a failed call. `errno` is the positive number that the C library left. */
export function systemError(errno: number, syscall: string, path?: Uint8Array): SystemError {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, "unknown error"];
  return build(code, -errno, text, syscall, path);
}

/** Like {@link systemError}, for a code known by name (`ENOTREG` is ours: errno 0). */
export function namedError(
  code: string,
  text: string,
  syscall: string,
  path?: Uint8Array,
): SystemError {
  const errno = (constants.errno as Readonly<Record<string, number>>)[code] ?? 0;
  return build(code, -errno, text, syscall, path);
}

/** The code of a thrown system error, or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function build(
  code: string,
  errno: number,
  text: string,
  syscall: string,
  path: Uint8Array | undefined,
): SystemError {
  if (path === undefined) {
    return Object.assign(new Error(`${code}: ${text}, ${syscall}`), { code, errno, syscall });
  }
  const shown = shownPath(path);
  const message = `${code}: ${text}, ${syscall} '${shown}'`;
  return Object.assign(new Error(message), { code, errno, syscall, path: shown });
}

/** A path for messages, cut in the middle where it is very long. */
export function shownPath(path: Uint8Array): string {
  if (path.length <= MAX_SHOWN_PATH) return fromUtf8(path);
  const half = MAX_SHOWN_PATH / 2;
  return `${fromUtf8(path.subarray(0, half))}…${fromUtf8(path.subarray(path.length - half))}`;
}
