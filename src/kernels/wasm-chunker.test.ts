import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_CHUNK, MIN_CHUNK } from "#chunker/chunker.ts";
import { createReferenceChunker } from "#chunker/reference-chunker.ts";
import { RABIN_PLAIN_WASM } from "#kernels/rabin-plain.wasm.ts";
import { createWasmChunker } from "#kernels/wasm-chunker.ts";
import { loadFirst } from "#base/wasm-kernel.ts";
import { chunkerCases, chunkLengths } from "#testkit/chunker-suite.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import vectors from "../../test/vectors/chunker.json" with { type: "json" };

const POLYNOMIAL = 0x3da3358b4dc173n;
const createPlain = (polynomial: bigint) => createWasmChunker(polynomial, [RABIN_PLAIN_WASM]);

for (const { name, run } of chunkerCases(createWasmChunker, vectors)) test(name, run);
for (const { name, run } of chunkerCases(createPlain, vectors)) test(`plain SIMD: ${name}`, run);

/** A small alphabet and stretches of one byte make digests repeat, so that lanes hit together. */
function lumpy(seed: number, length: number): Uint8Array {
  const random = seededRandom(seed);
  const bytes = random.fill(new Uint8Array(length));
  const [from, span] = [seed % 700_000, (seed * 37) % 500_000];
  bytes.fill(seed % 3 === 0 ? 0 : 0x61, from, from + span);
  bytes.copyWithin(from + span, 0, (seed * 101) % 300_000);
  return bytes;
}

test("cuts where the reference cuts, however the bytes arrive", () => {
  const fast = createWasmChunker(POLYNOMIAL);
  const plain = createReferenceChunker(POLYNOMIAL);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 2_500_000 }),
      fc.array(fc.integer({ min: 1, max: 700_000 }), { minLength: 1, maxLength: 20 }),
      (seed, length, steps) => {
        const bytes = lumpy(seed, length);
        const step = (read: number): number => steps[read % steps.length]!;
        expect(chunkLengths(fast, bytes, step)).toEqual(chunkLengths(plain, bytes, () => Infinity));
      },
    ),
    { numRuns: 25 },
  );
});

test("an empty stretch gives 0, a full one never does", () => {
  const chunker = createWasmChunker(POLYNOMIAL);
  expect(chunker.cut(0, 0, true)).toBe(0);
  expect(chunker.cut(0, 0, false)).toBe(0);
  chunker.window.fill(0xff);
  expect(chunker.window.length).toBeGreaterThanOrEqual(MAX_CHUNK + 1024 * 1024);
  const at = chunker.window.length - MAX_CHUNK;
  expect(chunker.cut(at, chunker.window.length, false)).toBe(MAX_CHUNK);
  expect(chunker.cut(5, MIN_CHUNK, false)).toBe(0);
  expect(chunker.cut(5, MIN_CHUNK, true)).toBe(MIN_CHUNK - 5);
});

test("a build that the engine rejects is passed over, a broken last one is not", () => {
  const broken = btoa("\0asm\x01\0\0\0\x01\xff");
  expect(loadFirst([broken, RABIN_PLAIN_WASM]).memory.length).toBeGreaterThan(MAX_CHUNK);
  expect(() => loadFirst([broken])).toThrow(/./);
});
