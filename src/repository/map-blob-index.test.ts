import { expect, test } from "vitest";
import { toHex, utf8 } from "#base/bytes.ts";
import { createMapBlobIndex } from "#repository/map-blob-index.ts";

const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);

test("null stands for an empty list, as Go writes it", () => {
  const index = createMapBlobIndex();
  expect(index.loadIndexFile(utf8('{"packs":null}'))).toBe(0);
  expect(index.loadIndexFile(utf8(`{"packs":[{"id":"${toHex(id(1))}","blobs":null}]}`))).toBe(0);
  expect(index.packCount).toBe(1);
  expect(index.packId(0)).toEqual(id(1));
});

test("an id of the wrong size and an unknown pack are defects", () => {
  const index = createMapBlobIndex();
  const location = { pack: 0, offset: 0, length: 40, rawLength: 0 };
  expect(() => index.has("data", new Uint8Array(31))).toThrow(/31 bytes/);
  expect(() => index.add("data", id(1), location)).toThrow(/out of range/);
  expect(() => index.packId(0)).toThrow(/not registered/);
});

test("share returns the index itself", () => {
  const index = createMapBlobIndex();
  expect(index.share()).toBe(index);
});
