import { expect, test } from "vitest";
import { compressionLevel, worthCompressing } from "#codec/compression.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { mixedBytes } from "#testkit/zstd-suite.ts";

test("levels rise with the modes", () => {
  const levels = (["fastest", "auto", "better", "max"] as const).map(compressionLevel);
  expect(levels).toEqual(levels.toSorted((a, b) => a - b));
  expect(new Set(levels).size).toBe(4);
});

test("random bytes are not worth it, half-random ones and small blobs are", () => {
  const zstd = createNodeZstd();
  const random = seededRandom(1).fill(new Uint8Array(300_000));
  expect(worthCompressing(zstd, random)).toBe(false);
  expect(worthCompressing(zstd, random.subarray(0, 131_071))).toBe(true);
  expect(worthCompressing(zstd, mixedBytes(300_000))).toBe(true);
  // Compressible in its middle only, as a disk image may be.
  expect(worthCompressing(zstd, random.fill(0, 140_000, 170_000))).toBe(true);
});
