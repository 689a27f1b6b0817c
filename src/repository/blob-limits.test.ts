import { describe, expect, it } from "vitest";
import { checkBlobClaim } from "#repository/blob-limits.ts";

const MIB = 2 ** 20;
const id = new Uint8Array(32);

describe("checkBlobClaim", () => {
  it("accepts what sound blobs are", () => {
    // A chunk of zeros; an uncompressed blob; a tree of millions of entries.
    for (const [raw, stored] of [
      [8 * MIB, 300],
      [0, 8 * MIB],
      [0, 900 * MIB],
      [600 * MIB, 5 * MIB],
    ] as const) {
      expect(() => checkBlobClaim(id, raw, stored)).not.toThrow();
    }
  });

  it("refuses what would take memory for nothing", () => {
    for (const [raw, stored] of [
      [1024 * MIB, 32_768],
      [17 * MIB, 300],
      [1025 * MIB, 900 * MIB],
      [0, 1025 * MIB],
    ] as const) {
      expect(() => checkBlobClaim(id, raw, stored)).toThrow(/claims/);
    }
  });
});
