import { expect, test } from "vitest";
import { fromUtf8 } from "#base/bytes.ts";
import { encodeIndexFile } from "#format/index-file.ts";
import { encodeIndex } from "#repository/encode-index.ts";
import { toIndexedPack, type FinishedPack } from "#repository/finished-pack.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

function pack(type: "data" | "tree", blobs: number): FinishedPack {
  const random = seededRandom(blobs);
  const lengths = new Uint32Array(blobs).map((_, i) => (i % 5 === 0 ? 4_000_000_000 : 33 + i));
  const rawLengths = new Uint32Array(blobs).map((_, i) => (i % 3) * 1000);
  return {
    id: random.fill(new Uint8Array(32)),
    type,
    size: 0,
    ids: random.fill(new Uint8Array(32 * blobs)),
    lengths: lengths.map((length, i) => (i === 0 ? length : length % 100_000)),
    rawLengths,
  };
}

test.each([
  ["no pack", []],
  ["one blob", [pack("data", 1)]],
  ["several packs", [pack("data", 7), pack("tree", 10), pack("data", 100)]],
])("the fast encoder writes the same bytes as the plain one: %s", (_, packs) => {
  const plain = encodeIndexFile(packs.map(toIndexedPack));
  expect(fromUtf8(encodeIndex(packs))).toBe(fromUtf8(plain));
});
