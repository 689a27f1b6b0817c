import { expect, test } from "vitest";
import { toHex, utf8 } from "#base/bytes.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";

const idOf = (n: number): Uint8Array => {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, Math.imul(n, 0x9e37_79b1));
  new DataView(id.buffer).setUint32(28, n);
  return id;
};

test("the plain table works in a page's main thread", () => {
  const index = createWasmBlobIndex({ shared: false });
  expect(index.byteLength).toBeLessThan(1 << 20);
  const pack = index.addPack(idOf(1));
  for (let i = 0; i < 50_000; i++) {
    index.add("data", idOf(i), { pack, offset: i, length: 40, rawLength: i });
  }
  const into = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  for (let i = 0; i < 50_000; i += 3) {
    expect(index.lookup("data", idOf(i), into)).toBe(true);
    expect(into.offset).toBe(i);
  }
  expect(index.lookup("data", idOf(50_000), into)).toBe(false);
  expect(index.claim("data", idOf(50_000))).toBe(true);
  expect(index.claim("data", idOf(50_000))).toBe(false);
  let walked = 0;
  index.forEach(() => walked++);
  expect([walked, index.blobCount]).toEqual([50_000, 50_000]);
});

test("it loads an index file and refuses a broken one", () => {
  const index = createWasmBlobIndex({ shared: false });
  const blobs = Array.from({ length: 3000 }, (_, i) => ({
    id: toHex(idOf(i)),
    type: i % 2 ? "tree" : "data",
    offset: i,
    length: 40,
  }));
  const json = JSON.stringify({ packs: [{ blobs, id: toHex(idOf(9)) }] });
  expect(index.loadIndexFile(utf8(json))).toBe(3000);
  expect(index.lookupAll("tree", idOf(2999))).toEqual([
    { pack: 0, offset: 2999, length: 40, rawLength: 0 },
  ]);
  expect(() => index.loadIndexFile(utf8(json.slice(0, -1)))).toThrow(
    expect.objectContaining({ code: "BAD_FORMAT" }),
  );
});

test("shared memory is used where the page has it and refused by name where not", () => {
  const create = () => createWasmBlobIndex({ shared: true });
  if (typeof SharedArrayBuffer === "undefined") {
    expect(create).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  } else {
    expect(create().claim("data", idOf(1))).toBe(true);
  }
});
