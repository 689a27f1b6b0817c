import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "#base/bytes.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";
import type { BlobIndex, BlobLocation, BlobType } from "#repository/blob-index.ts";
import { createMapBlobIndex } from "#repository/map-blob-index.ts";

const KINDS: readonly [name: string, create: () => BlobIndex][] = [
  ["map", createMapBlobIndex],
  ["plain table", () => createWasmBlobIndex({ shared: false })],
  ["shared table", () => createWasmBlobIndex({ shared: true })],
];

/** Spreads `n` over an id; equal low bytes now and then, so that tags and slots collide. */
function idOf(n: number): Uint8Array {
  const id = new Uint8Array(32);
  const view = new DataView(id.buffer);
  view.setUint32(0, Math.imul(n, 0x9e37_79b1), true);
  view.setUint32(4, n & 3, true);
  view.setUint32(28, n, true);
  return id;
}

const at = (pack: number, offset: number, length = 40, rawLength = 0): BlobLocation => ({
  pack,
  offset,
  length,
  rawLength,
});

function contentOf(index: BlobIndex): string[] {
  const lines: string[] = [];
  index.forEach((type, id, { pack, offset, length, rawLength }) => {
    const packId = toHex(index.packId(pack));
    lines.push([type, toHex(id), packId, offset, length, rawLength].join(" "));
  });
  return lines.toSorted();
}

describe.each(KINDS)("%s", (_name, create) => {
  test("stores, finds and walks", () => {
    const index = create();
    const pack = index.addPack(idOf(1000));
    expect(index.addPack(idOf(1001))).not.toBe(pack);
    expect(index.addPack(idOf(1000))).toBe(pack);
    expect(index.packId(pack)).toEqual(idOf(1000));
    index.add("data", idOf(1), at(pack, 0xffff_ffff, 0xffff_fffe, 0xffff_fffd));
    const into = at(9, 9);
    expect(index.lookup("data", idOf(1), into)).toBe(true);
    expect(into).toEqual(at(pack, 0xffff_ffff, 0xffff_fffe, 0xffff_fffd));
    expect(index.lookup("tree", idOf(1), into)).toBe(false);
    expect(index.has("tree", idOf(1))).toBe(false);
    expect([index.blobCount, index.packCount]).toEqual([1, 2]);
  });

  test("keeps several copies of one blob, none of them twice", () => {
    const index = create();
    const packs = [idOf(1), idOf(2)].map((id) => index.addPack(id));
    for (const offset of [0, 50, 0]) index.add("tree", idOf(7), at(packs[0]!, offset));
    index.add("tree", idOf(7), at(packs[1]!, 0));
    expect(index.lookupAll("tree", idOf(7))).toEqual([
      at(packs[0]!, 0),
      at(packs[0]!, 50),
      at(packs[1]!, 0),
    ]);
    expect(index.lookupAll("data", idOf(7))).toEqual([]);
    expect(index.blobCount).toBe(3);
  });

  test("returns more copies than one batch holds", () => {
    const index = create();
    const pack = index.addPack(idOf(1));
    for (let i = 0; i < 3073; i++) index.add("data", idOf(2), at(pack, i));
    expect(index.lookupAll("data", idOf(2)).map((copy) => copy.offset)).toEqual(
      Array.from({ length: 3073 }, (_, i) => i),
    );
  });

  test("a claim is won once, given up, won again, and becomes an entry", () => {
    const index = create();
    const pack = index.addPack(idOf(1));
    expect(index.claim("data", idOf(3))).toBe(true);
    expect(index.claim("data", idOf(3))).toBe(false);
    expect(index.claim("tree", idOf(3))).toBe(true);
    expect(index.has("data", idOf(3))).toBe(true);
    expect(index.lookup("data", idOf(3), at(0, 0))).toBe(false);
    expect(index.lookupAll("data", idOf(3))).toEqual([]);
    index.unclaim("data", idOf(3));
    expect(index.has("data", idOf(3))).toBe(false);
    expect(index.claim("data", idOf(3))).toBe(true);
    expect(contentOf(index)).toEqual([]);
    index.add("data", idOf(3), at(pack, 5));
    index.unclaim("data", idOf(3));
    expect(index.lookupAll("data", idOf(3))).toEqual([at(pack, 5)]);
    expect(index.claim("data", idOf(3))).toBe(false);
    expect(index.blobCount).toBe(1);
  });

  test("refuses what is no id, pack number or location", () => {
    const index = create();
    const pack = index.addPack(idOf(1));
    for (const call of [
      () => index.has("data", new Uint8Array(31)),
      () => index.addPack(new Uint8Array(33)),
      () => index.packId(1),
      () => index.packId(-1),
      () => index.add("data", idOf(1), at(pack + 1, 0)),
      () => index.add("data", idOf(1), at(pack, 2 ** 32)),
      () => index.add("data", idOf(1), at(pack, 0, -1)),
      () => index.add("data", idOf(1), at(pack, 0, 0, 0.5)),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    }
    expect(index.blobCount).toBe(0);
  });

  test("may be used from within a walk", () => {
    const index = create();
    const pack = index.addPack(idOf(1));
    for (let i = 0; i < 3000; i++) index.add("data", idOf(i), at(pack, i));
    let seen = 0;
    index.forEach((type, id, location) => {
      seen += index.lookupAll(type, id).length;
      expect(index.packId(location.pack)).toEqual(idOf(1));
    });
    expect(seen).toBe(3000);
  });
});

describe.each(KINDS.slice(1))("%s", (name, create) => {
  test("grows: 60,000 blobs in 20,000 packs stay found, at under 60 bytes each", () => {
    const index = create();
    const empty = index.byteLength;
    expect(empty).toBeLessThan(1 << 20);
    for (let i = 0; i < 20_000; i++) expect(index.addPack(idOf(i))).toBe(i);
    const packs = index.byteLength;
    for (let i = 0; i < 60_000; i++) index.add("data", idOf(i), at(i % 20_000, i));
    const into = at(0, 0);
    for (let i = 0; i < 60_000; i++) {
      if (!index.lookup("data", idOf(i), into) || into.offset !== i) throw new Error(`lost ${i}`);
      if (index.has("data", idOf(i + 60_000))) throw new Error(`found ${i + 60_000}`);
    }
    for (let i = 0; i < 20_000; i++) expect(index.addPack(idOf(i))).toBe(i);
    // Whole segments are taken, so a few hundred KiB come on top of the bytes a blob.
    expect(index.byteLength - packs).toBeLessThan(60_000 * 60 + 200_000);
  });

  test("another instance attaches to the same table", () => {
    const first = create();
    const shared = name === "shared table";
    const second = createWasmBlobIndex({ shared, attach: first.share() });
    const pack = second.addPack(idOf(1));
    for (let i = 0; i < 20_000; i++) (i % 2 ? first : second).add("data", idOf(i), at(pack, i));
    for (let i = 0; i < 20_000; i += 7) expect(first.has("data", idOf(i))).toBe(true);
    expect(first.lookupAll("data", idOf(19_999))).toEqual([at(pack, 19_999)]);
    expect(second.lookupAll("data", idOf(19_998))).toEqual([at(pack, 19_998)]);
    expect(first.packId(0)).toEqual(idOf(1));
    for (const attach of [{}, null, { kind: "coffer-blob-table", memory: {} }, create().share()]) {
      const wrong = attach !== null && "memory" in (attach as object) ? !shared : shared;
      expect(() => createWasmBlobIndex({ shared: wrong, attach })).toThrow(/not a blob table/);
    }
  });
});

type Step = readonly [
  call: "add" | "claim" | "unclaim" | "load",
  type: BlobType,
  blob: number,
  pack: number,
  offset: number,
];

test("any sequence of calls gives what the plain index gives", () => {
  const step: fc.Arbitrary<Step> = fc.tuple(
    fc.constantFrom("add", "claim", "unclaim", "load"),
    fc.constantFrom<BlobType>("data", "tree"),
    fc.nat(12),
    fc.nat(3),
    fc.nat(2),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, shared) => {
      const indexes = [createWasmBlobIndex({ shared }), createMapBlobIndex()];
      const answers = indexes.map((index) => steps.map((one) => run(index, one)));
      expect(answers[0]).toEqual(answers[1]);
      expect(contentOf(indexes[0]!)).toEqual(contentOf(indexes[1]!));
    }),
    { numRuns: 200 },
  );
});

function run(index: BlobIndex, [call, type, blob, pack, offset]: Step): unknown {
  const id = idOf(blob);
  let result: unknown;
  if (call === "claim") result = index.claim(type, id);
  else if (call === "unclaim") index.unclaim(type, id);
  else if (call === "add") index.add(type, id, at(index.addPack(idOf(pack)), offset, blob));
  else {
    const entry = { offset, type, length: blob, id: toHex(id) };
    const json = { packs: [{ blobs: [entry], id: toHex(idOf(pack)) }] };
    result = index.loadIndexFile(utf8(JSON.stringify(json)));
  }
  return [result, index.has(type, id), index.lookupAll(type, id), index.blobCount];
}
