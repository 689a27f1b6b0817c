/** Numbers and sizes as restic's flags take them. Every refusal is BAD_OPTION naming the option. */
import { CofferError } from "#base/errors.ts";

function refuse(option: string, text: string, expected: string): CofferError {
  return new CofferError("BAD_OPTION", `invalid value for ${option} ${quoted(text)}: ${expected}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

const UNIT: Readonly<Record<string, bigint>> = {
  b: 1n,
  k: 1n << 10n,
  m: 1n << 20n,
  g: 1n << 30n,
  t: 1n << 40n,
};

/** Bytes of `100`, `100B`, `100k`, `2G`, … (powers of 1024). @throws BAD_OPTION */
export function parseSize(option: string, text: string): number {
  const match = /^([+-]?\d+)([bkmgt]?)$/i.exec(text);
  if (match === null) throw refuse(option, text, "expected a size such as 500, 10M or 2G");
  const bytes = BigInt(match[1]!) * UNIT[match[2]!.toLowerCase() || "b"]!;
  if (bytes < 0n || bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refuse(option, text, "value out of range");
  }
  return Number(bytes);
}

/** A whole number from 0 to 2^32 − 1. @throws BAD_OPTION */
export function parseCount(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
    throw refuse(option, text, "expected a whole number");
  }
  return Number(text);
}

/** A whole number that may be negative, 32 bits. @throws BAD_OPTION */
export function parseInteger(option: string, text: string): number {
  if (!/^[+-]?\d{1,10}$/.test(text) || Math.abs(Number(text)) > 0x7fff_ffff) {
    throw refuse(option, text, "expected a whole number");
  }
  return Number(text);
}

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** A truth value as Go reads it. @throws BAD_OPTION */
export function parseTruth(option: string, text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw refuse(option, text, "expected true or false");
}

/** One of the given words. @throws BAD_OPTION listing them */
export function parseChoice<T extends string>(
  option: string,
  text: string,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw refuse(option, text, `must be one of (${choices.join("|")})`);
  return found;
}
