import { expect, test } from "vitest";
import { fromBase64, toHex, utf8 } from "#base/bytes.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";
import { TABLE_PLAIN } from "#kernels/blob-index.wasm.ts";
import { wasm } from "#kernels/webassembly.ts";
import type { BlobIndex } from "#repository/blob-index.ts";

const idOf = (n: number): Uint8Array => {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, Math.imul(n, 0x9e37_79b1));
  new DataView(id.buffer).setUint32(28, n);
  return id;
};

/** A table whose memory may grow to `maximum` pages only. */
function createLimited(maximum: number): BlobIndex {
  const memory = new wasm.Memory({ initial: 2, maximum });
  const module = new wasm.Module(fromBase64(TABLE_PLAIN)!);
  const { exports } = new wasm.Instance(module, { env: { memory } });
  (exports as { init(): number }).init();
  return createWasmBlobIndex({ shared: false, attach: { kind: "coffer-blob-table", memory } });
}

/** Blobs added before the memory was used up. */
function fill(index: BlobIndex): number {
  const location = { pack: index.addPack(idOf(0)), offset: 0, length: 40, rawLength: 0 };
  for (let i = 0; ; i++) {
    try {
      index.add("data", idOf(i), { ...location, offset: i });
    } catch (error) {
      expect(error).toMatchObject({ code: "TOO_LARGE" });
      return i;
    }
  }
}

test.each([
  ["entries", 9, 4096],
  ["slots, filled further than usual", 18, 15_360],
])("out of memory for %s: refused by code, and what is stored stays", (_what, pages, room) => {
  const index = createLimited(pages);
  expect(fill(index)).toBe(room);
  const refused = expect.objectContaining({ code: "TOO_LARGE" });
  const blob = { id: toHex(idOf(-1)), type: "tree", offset: 0, length: 40 };
  const json = JSON.stringify({ packs: [{ id: toHex(idOf(0)), blobs: [blob] }] });
  expect(() => index.claim("data", idOf(-1))).toThrow(refused);
  expect(() => index.loadIndexFile(utf8(json))).toThrow(refused);
  expect(index.has("data", idOf(-1))).toBe(false);
  expect(index.blobCount).toBe(room);
  const into = { pack: 9, offset: 0, length: 0, rawLength: 0 };
  for (let i = 0; i < room; i++) {
    expect(index.lookup("data", idOf(i), into) && into.offset === i).toBe(true);
  }
});

test("out of memory for packs: the known ones stay", () => {
  const index = createLimited(6);
  let packs = 0;
  const addAll = (): void => {
    for (; ; packs++) index.addPack(idOf(packs));
  };
  expect(addAll).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  expect([packs, index.packCount, index.addPack(idOf(7))]).toEqual([2048, 2048, 7]);
});

test("a memory that holds no table, or has no page left, is refused", () => {
  const memory = new wasm.Memory({ initial: 2 });
  const attach = { kind: "coffer-blob-table", memory };
  expect(() => createWasmBlobIndex({ shared: false, attach })).toThrow(/full or foreign/);
  expect(() => createLimited(4)).toThrow(/full or foreign/);
});
