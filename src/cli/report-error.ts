/**
 * How an error ends a command: exit code, restic's wording where scripts read it, and what to do
 * next. With --json one `exit_error` line on stderr.
 */
import type { ErrorCode } from "#base/error-codes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import type { CliIo } from "#cli/cli-io.ts";
import { jsonText } from "#cli/text/json-text.ts";
import { terminalLines } from "#cli/text/terminal-text.ts";

/** Wording that scripts written for restic look for. */
const RESTIC_TEXT: Partial<Record<ErrorCode, (error: CofferError) => string>> = {
  WRONG_PASSWORD: () => "Fatal: wrong password or no key found",
  NO_REPOSITORY: (error) =>
    "Fatal: repository does not exist: unable to open config file: " +
    error.message.replace(/^repository does not exist: /, "") +
    locationLines(error),
  ABORTED: (error) => error.message,
  SOURCE_UNREADABLE: () => "Warning: at least one source file could not be read",
  SOURCE_MISSING: () => "Fatal: all source directories/files do not exist",
  LOCKED: (error) =>
    `unable to create lock in backend: repository is already locked: ${error.message}\n` +
    "the `unlock` command can be used to remove stale locks",
};

function locationLines(error: CofferError): string {
  const location = error.data["location"];
  if (location === undefined) return "";
  return `\nIs there a repository at the following location?\n${location}`;
}

/** Text of an error as restic would put it, without guidance. */
export function errorText(error: CofferError): string {
  return RESTIC_TEXT[error.code]?.(error) ?? `Fatal: ${error.message}`;
}

/** Anything thrown as a CofferError; what the engine did not foresee becomes INTERNAL. */
export function toCofferError(error: unknown): CofferError {
  if (isCofferError(error)) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CofferError("INTERNAL", message, { cause: error });
}

/** Prints the error and returns the process's exit code. */
export function reportError(thrown: unknown, io: CliIo, json: boolean): number {
  const error = io.signal.aborted
    ? new CofferError("ABORTED", "Interrupted", { cause: thrown })
    : toCofferError(thrown);
  const text = errorText(error);
  if (json) {
    const line = { message_type: "exit_error", code: error.exitCode, message: text };
    io.stderr.write(`${jsonText(line)}\n`);
  } else {
    io.stderr.write(`${terminalLines(text)}\n${error.guidance}\n`);
  }
  return error.exitCode;
}
