/** Errors about the request itself. */
import { CofferError } from "#base/errors.ts";

/** An error for arguments that make no sense; nothing was touched. */
export function badOption(message: string): CofferError {
  return new CofferError("BAD_OPTION", message);
}
