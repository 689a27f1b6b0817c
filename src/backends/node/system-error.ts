/**
 * Turns the operating system's error codes into Coffer's. Whether a later try may succeed is
 * decided here too: network mounts answer EIO, ESTALE, EBUSY or ETIMEDOUT while the server
 * restarts.
 */
import { CofferError, isCofferError, messageOf } from "#base/errors.ts";
import type { ErrorCode } from "#base/error-codes.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  EEXIST: "ALREADY_EXISTS",
  EACCES: "DENIED",
  EPERM: "DENIED",
  EROFS: "DENIED",
  ENOSPC: "STORAGE_FULL",
  EDQUOT: "STORAGE_FULL",
  EFBIG: "STORAGE_FULL",
};

const TRANSIENT: ReadonlySet<string> = new Set(
  "EIO ESTALE EBUSY ETIMEDOUT EAGAIN EINTR EMFILE ENFILE ENOMEM ECONNRESET ENOTCONN EHOSTDOWN".split(
    " ",
  ),
);

const PHRASES: Partial<Record<ErrorCode, string>> = {
  NOT_FOUND: "it does not exist",
  ALREADY_EXISTS: "it already exists",
  DENIED: "permission denied",
  STORAGE_FULL: "no space left",
};

/** The system's code (`ENOENT`), or undefined when the value is not a system error. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/**
 * A CofferError for a failed system call; an error that is one already is returned as it is.
 * @param doing what failed, for the message: `write the pack 73d04e61`
 * @param path shown after it, and kept in `data`
 */
export function fromSystemError(error: unknown, doing: string, path: string): unknown {
  if (isCofferError(error)) return error;
  const system = systemCode(error);
  if (system === undefined) return error;
  const code = CODES[system] ?? "STORAGE_FAILED";
  const why = PHRASES[code] ?? messageOf(error);
  // On Windows a virus scanner that holds the file open shows as a permission error for a moment.
  const heldOpen = process.platform === "win32" && code === "DENIED";
  return new CofferError(code, `Cannot ${doing} at ${path}: ${why}`, {
    cause: error,
    retryable: heldOpen || TRANSIENT.has(system),
    data: { path, system },
  });
}
