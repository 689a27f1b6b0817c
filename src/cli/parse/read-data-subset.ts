/** `check --read-data-subset`: `n/t`, `x%`, or a size. Texts of refusals as restic's. */
import { CofferError } from "#base/errors.ts";
import { parseSize } from "#cli/parse/sizes.ts";

export type ReadDataSubset =
  /** Packs whose first id byte modulo `total` is `part` − 1. */
  | { readonly kind: "part"; readonly part: number; readonly total: number }
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "bytes"; readonly bytes: number };

/** Buckets are told apart by the first byte of a pack's id. */
const MAX_PARTS = 256;

function refuse(text: string): CofferError {
  return new CofferError("BAD_OPTION", `check flag --read-data-subset${text}`);
}

/** @throws BAD_OPTION */
export function parseReadDataSubset(text: string): ReadDataSubset {
  const fraction = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  if (fraction !== null) {
    const part = Number(fraction[1]);
    const total = Number(fraction[2]);
    if (part === 0 || total === 0 || part > total) {
      throw refuse("=n/t values must be positive integers, and n <= t, e.g. 1/2");
    }
    if (total > MAX_PARTS) throw refuse(`=n/t t must be at most ${MAX_PARTS}`);
    return { kind: "part", part, total };
  }
  if (text.endsWith("%")) {
    const percent = /^\d+(\.\d*)?%$/.test(text) ? Number.parseFloat(text) : Number.NaN;
    if (Number.isNaN(percent)) throw refuse(" has invalid value, use n/t, x% or a size");
    if (percent <= 0 || percent > 100) {
      throw refuse("=x% x must be above 0.0% and at most 100.0%");
    }
    return { kind: "percent", percent };
  }
  if (!/^[+-]?\d+[bkmgt]?$/i.test(text)) {
    throw refuse(" has invalid value, use n/t, x% or a size");
  }
  const bytes = parseSize("--read-data-subset", text);
  if (bytes === 0) throw refuse("=n n must be above 0");
  return { kind: "bytes", bytes };
}
