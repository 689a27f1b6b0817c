import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { toHex } from "#base/bytes.ts";
import {
  checkPolynomial,
  degree,
  isIrreducible,
  randomPolynomial,
  rabinTables,
} from "#chunker/polynomial.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import vectors from "../../test/vectors/chunker.json" with { type: "json" };

const parse = (text: string): bigint => BigInt(`0x${text}`);

function digestOf(table: BigUint64Array): string {
  const bytes = new Uint8Array(table.length * 8);
  const view = new DataView(bytes.buffer);
  table.forEach((value, i) => {
    view.setBigUint64(8 * i, value);
  });
  return toHex(sha256(bytes));
}

test.each(vectors.polynomials)("tables of $polynomial", (vector) => {
  const { out, mod } = rabinTables(parse(vector.polynomial));
  for (const [b, value] of Object.entries(vector.outTable)) {
    expect(out[Number(b)]).toBe(parse(value));
  }
  for (const [b, value] of Object.entries(vector.modTable)) {
    expect(mod[Number(b)]).toBe(parse(value));
  }
  expect(digestOf(out)).toBe(vector.outTableSha256);
  expect(digestOf(mod)).toBe(vector.modTableSha256);
});

test.each(vectors.irreducible)("$polynomial as restic sees it", (vector) => {
  expect(isIrreducible(parse(vector.polynomial))).toBe(vector.acceptedByRestic);
});

test("random polynomials are irreducible, of degree 53, and differ", () => {
  const random = seededRandom(11);
  const drawn = Array.from({ length: 5 }, () => randomPolynomial(random));
  for (const polynomial of drawn) {
    expect(degree(polynomial)).toBe(53);
    expect(() => {
      checkPolynomial(polynomial);
    }).not.toThrow();
  }
  expect(new Set(drawn).size).toBe(5);
});

test("a polynomial of another degree or with factors is refused", () => {
  for (const bad of [0n, 1n, 3n, parse("3da3358b4dc171"), parse("7b466b169b82e7")]) {
    expect(() => {
      checkPolynomial(bad);
    }).toThrow(expect.objectContaining({ code: "BAD_FORMAT" }));
  }
});
