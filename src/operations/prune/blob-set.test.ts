import { expect, test } from "vitest";
import { BlobSet } from "#operations/prune/blob-set.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

test("finds what was added, numbers in order, within 60 bytes an id", () => {
  const count = 100_000;
  const ids = seededRandom(1).fill(new Uint8Array(32 * count));
  const set = new BlobSet();
  for (let i = 0; i < count; i++) expect(set.add(ids, 32 * i)).toBe(true);
  expect(set.size).toBe(count);
  expect(set.byteLength / count).toBeLessThan(60);
  const id = new Uint8Array(32);
  for (let i = 0; i < count; i += 97) {
    expect(set.find(ids, 32 * i)).toBe(i);
    expect(set.add(ids, 32 * i)).toBe(false);
    set.copyId(i, id);
    expect(id).toEqual(ids.slice(32 * i, 32 * i + 32));
  }
  id[31]! ^= 1;
  expect(set.find(id)).toBe(-1);
});

test("copies saturate, places are marked one by one", () => {
  const set = new BlobSet();
  for (let i = 0; i < 20_000; i++) set.add(new Uint8Array(32).fill(i & 0xff).fill(i >> 8, 8));
  set.setCopies(17_000, 300);
  set.place(17_001);
  expect([set.copies(17_000), set.copies(17_001)]).toEqual([255, 0]);
  expect([set.isPlaced(17_000), set.isPlaced(17_001)]).toEqual([false, true]);
});
