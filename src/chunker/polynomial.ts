/**
 * Polynomials over GF(2) as bit patterns, and the two tables of the Rabin fingerprint. Big
 * integers: this runs once per repository. docs/format.md, section 10.
 */
import { CofferError } from "#base/errors.ts";
import type { Random } from "#base/random.ts";

/** Degree of every repository's polynomial. */
export const POLYNOMIAL_DEGREE = 53;
/** Bytes that a fingerprint covers. */
export const WINDOW_LENGTH = 64;

/** Degree of a polynomial; -1 for zero. */
export function degree(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1;
}

/** Remainder of `value` divided by `divisor`. */
export function modulo(value: bigint, divisor: bigint): bigint {
  const width = degree(divisor);
  let rest = value;
  for (let shift = degree(rest) - width; shift >= 0; shift = degree(rest) - width) {
    rest ^= divisor << BigInt(shift);
  }
  return rest;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, modulo(x, y)];
  return x;
}

/** The square modulo `divisor`: over GF(2) each bit moves to twice its place. */
function squareModulo(value: bigint, divisor: bigint): bigint {
  const digits = value.toString(2);
  return modulo(BigInt(`0b${digits.split("").join("0")}`), divisor);
}

/** Ben-Or's test: no factor of degree up to half of the polynomial's. About a millisecond. */
export function isIrreducible(polynomial: bigint): boolean {
  const half = degree(polynomial) >> 1;
  if (degree(polynomial) < 1) return false;
  let power = 2n;
  for (let i = 1; i <= half; i++) {
    power = squareModulo(power, polynomial);
    const difference = modulo(power ^ 2n, polynomial);
    if (greatestCommonDivisor(polynomial, difference) !== 1n) return false;
  }
  return true;
}

/** A polynomial for a new repository. About one draw in 26 is irreducible: some 10 ms. */
export function randomPolynomial(random: Random): bigint {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  const low = (1n << BigInt(POLYNOMIAL_DEGREE + 1)) - 1n;
  for (;;) {
    random.fill(bytes);
    const drawn = view.getBigUint64(0, true) & low;
    const candidate = drawn | (1n << BigInt(POLYNOMIAL_DEGREE)) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}

/**
 * Refuses what cannot be a repository's polynomial.
 * @throws BAD_FORMAT when the degree is not 53 or it has factors
 */
export function checkPolynomial(polynomial: bigint): void {
  if (degree(polynomial) === POLYNOMIAL_DEGREE && isIrreducible(polynomial)) return;
  throw new CofferError("BAD_FORMAT", "The repository's chunker polynomial is not irreducible", {
    data: { polynomial: polynomial.toString(16) },
  });
}

export interface RabinTables {
  /** What byte b contributed when it leaves the window. */
  readonly out: BigUint64Array;
  /** Clears the 8 bits above the degree and adds their remainder. */
  readonly mod: BigUint64Array;
}

/** Both tables, 2 KiB each. About a millisecond; see {@link rabinTables} for the cached ones. */
function buildTables(polynomial: bigint): RabinTables {
  const width = BigInt(degree(polynomial));
  const out = new BigUint64Array(256);
  const mod = new BigUint64Array(256);
  const shiftOut = modulo(1n << BigInt(8 * (WINDOW_LENGTH - 1)), polynomial);
  for (let b = 0; b < 256; b++) {
    out[b] = modulo(multiply(shiftOut, BigInt(b)), polynomial);
    const high = BigInt(b) << width;
    mod[b] = modulo(high, polynomial) | high;
  }
  return { out, mod };
}

function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let rest = b, shifted = a; rest !== 0n; rest >>= 1n, shifted <<= 1n) {
    if ((rest & 1n) === 1n) product ^= shifted;
  }
  return product;
}

let last: { polynomial: bigint; tables: RabinTables } | undefined;

/** The tables of a polynomial. The last ones are kept: a process works on one repository. */
export function rabinTables(polynomial: bigint): RabinTables {
  if (last?.polynomial !== polynomial) last = { polynomial, tables: buildTables(polynomial) };
  return last.tables;
}
