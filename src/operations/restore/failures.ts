/** Failures of single items: collected by tasks, so that the rest goes on. */
import { isCofferError, messageOf } from "#base/errors.ts";
import type { Failure } from "#operations/restore/options.ts";

/** The system code of an error of the target, or undefined for any other thrown value. */
export function targetCode(error: unknown): string | undefined {
  if (isCofferError(error) || !(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/**
 * An item's failure in plain data.
 * @throws the error itself when it is neither the target's nor the repository's: a defect
 */
export function failureOf(row: number, error: unknown): Failure {
  if (isCofferError(error) && error.code !== "ABORTED" && error.code !== "INTERNAL") {
    return { row, code: error.code, message: error.message };
  }
  if (targetCode(error) === undefined) throw error;
  return { row, code: "TARGET_FAILED", message: messageOf(error) };
}

/** Counts what could not be set, by bit of META_SHORTFALL. */
export type ShortfallCounts = [owner: number, setId: number, xattr: number, time: number];

/** Adds one entry's shortfall to the counts. */
export function countShortfall(counts: ShortfallCounts, shortfall: number): void {
  if (shortfall === 0) return;
  for (let bit = 0; bit < counts.length; bit++) if ((shortfall & (1 << bit)) !== 0) counts[bit]!++;
}

/** Zero of each kind, in the order of META_SHORTFALL's bits. */
export function noShortfalls(): ShortfallCounts {
  return [0, 0, 0, 0];
}
