import { expect, test } from "vitest";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { changedTags, type TagChange, tagSnapshots } from "#operations/tag.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });

async function changeAll(maker: HostileRepository, change: TagChange): Promise<number> {
  const { snapshots } = await loadSnapshots(maker.repo);
  return tagSnapshots(maker.repo, snapshots, change, snapshots);
}

test("the first id stays known as original, and foreign fields survive", async () => {
  const maker = await HostileRepository.create(new MemoryBackend(), primitives);
  const first = await maker.snapshot(new Uint8Array(32), { extra: [["label", '"mine"']] });
  expect(await changeAll(maker, { add: ["a", "b", "a"] })).toBe(1);
  expect(await changeAll(maker, { remove: ["a", "x"] })).toBe(1);
  expect(await changeAll(maker, { remove: ["x"], add: ["b"] })).toBe(0);
  const { snapshots } = await loadSnapshots(maker.repo);
  expect(snapshots).toMatchObject([{ original: first, tags: ["b"], extra: [["label", '"mine"']] }]);
  expect(snapshots[0]!.id).not.toBe(first);
});

test("a copy that an interrupted run left is taken, not made again", async () => {
  const maker = await HostileRepository.create(new MemoryBackend(), primitives);
  const first = await maker.snapshot(new Uint8Array(32));
  const second = await maker.snapshot(new Uint8Array(32), { tags: ["t"], original: first });
  expect(await changeAll(maker, { set: ["t"] })).toBe(1);
  const { snapshots } = await loadSnapshots(maker.repo);
  expect(snapshots.map(({ id }) => id)).toEqual([second]);
});

test("set, add and remove", async () => {
  expect(changedTags(["a", "b"], { set: [] })).toEqual([]);
  expect(changedTags(["a", "b"], { add: ["c", "a"], remove: ["b"] })).toEqual(["a", "c"]);
  const maker = await HostileRepository.create(new MemoryBackend(), primitives);
  await expect(changeAll(maker, {})).rejects.toThrow("nothing to do!");
  await expect(changeAll(maker, { set: ["a"], add: ["b"] })).rejects.toThrow("at the same time");
});
