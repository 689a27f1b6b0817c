import { beforeEach, describe, expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { check } from "#operations/check/check.ts";
import { copySnapshots, type CopyEvent, type CopyOptions } from "#operations/copy/copy.ts";
import { diffTrees } from "#operations/diff/diff.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import { loadSnapshots, saveSnapshot } from "#repository/snapshots.ts";
import { fileOf, folderOf, noiseContent } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { rootOf, SnapshotMaker } from "#testkit/snapshot-maker.ts";
import { reopen, testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
const OPTIONS: CopyOptions = {
  packSize: 4 * 1024 * 1024,
  compression: "auto",
  verify: true,
  dryRun: false,
};
let from: SnapshotMaker;
let to: SnapshotMaker;
let source: MemorySource;

beforeEach(async () => {
  from = await SnapshotMaker.create(primitives);
  to = await SnapshotMaker.create(primitives);
  source = new MemorySource(
    folderOf({
      home: folderOf({
        text: fileOf("compressible ".repeat(5000)),
        noise: fileOf(noiseContent(6_000_000, 1)),
        d: folderOf({ a: fileOf("a"), b: fileOf("b") }),
      }),
    }),
  );
  await from.snapshot(source);
  source.write("/home/d/a", "changed");
  await from.snapshot(source, { tags: ["x"] });
});

async function copy(options: Partial<CopyOptions> = {}, sides = { from, to }) {
  const events: CopyEvent[] = [];
  const [a, b] = [await sides.from.opened(), await sides.to.opened()];
  const result = await copySnapshots(
    { repository: a, pool: createInlinePool(a, {}) },
    { repository: b, pool: createInlinePool(b, {}) },
    (await loadSnapshots(a)).snapshots,
    (await loadSnapshots(b)).snapshots,
    { ...OPTIONS, ...options },
    { progress: (event) => events.push(event) },
  );
  return { result, events };
}

async function expectSound(maker: SnapshotMaker): Promise<void> {
  const repo = reopen(maker.repo, primitives);
  const pool = createInlinePool(repo, {});
  const result = await check(repo, pool, { readData: { kind: "all" }, snapshots: undefined });
  expect(result.errors).toEqual([]);
  expect(result.errorCount).toBe(0);
}

/** The same primitives, storage copied, key and all. */
function clone(maker: SnapshotMaker): SnapshotMaker {
  const backend = new MemoryBackend();
  for (const [path, bytes] of maker.backend.files) backend.files.set(path, bytes);
  const { config, masterKey, keyId } = maker.repo;
  const repo = new OpenedRepository(backend, primitives, { config, masterKey, keyId });
  return new SnapshotMaker(repo, primitives);
}

test("copies have the trees of their originals, and everything arrives", async () => {
  const { result, events } = await copy();
  expect(result).toMatchObject({ copied: 2, skipped: 0, rawPacks: 0 });
  expect(events.at(-1)).toMatchObject({ kind: "saved" });
  const originals = (await loadSnapshots(from.repo)).snapshots;
  const { snapshots } = await loadSnapshots(to.repo);
  expect(snapshots.map(({ tree }) => tree).toSorted()).toEqual(
    originals.map(({ tree }) => tree).toSorted(),
  );
  for (const snapshot of snapshots) {
    expect(originals.map(({ id }) => id)).toContain(snapshot.original);
    expect(snapshot.parent).toBeUndefined();
  }
  await expectSound(to);
});

test("what was copied is skipped; a changed snapshot is not", async () => {
  await copy();
  expect((await copy()).result).toMatchObject({ copied: 0, skipped: 2, blobs: 0 });
  const { snapshots } = await loadSnapshots(from.repo);
  const first = snapshots[0]!;
  await saveSnapshot(from.repo, { ...first, tags: ["new"], original: first.id });
  expect((await copy()).result).toMatchObject({ copied: 1, skipped: 2, blobs: 0 });
  // Copies of copies keep the first id.
  const back = await SnapshotMaker.create(primitives);
  await copy({}, { from: to, to: back });
  const ids = (await loadSnapshots(back.repo)).snapshots.map(({ original }) => original);
  expect(new Set(ids)).toEqual(new Set(snapshots.map(({ id }) => id)));
});

test("a dry run counts and stores nothing", async () => {
  const { result } = await copy({ dryRun: true });
  expect(result.blobs).toBeGreaterThan(10);
  expect((await loadSnapshots(to.repo)).snapshots).toEqual([]);
  expect((await copy()).result.blobs).toBe(result.blobs);
});

test("fields of other programs survive", async () => {
  const { snapshots } = await loadSnapshots(from.repo);
  await saveSnapshot(from.repo, { ...snapshots[0]!, extra: [["label", '"mine"']] });
  await copy();
  const copied = (await loadSnapshots(to.repo)).snapshots;
  expect(copied.map(({ extra }) => extra)).toContainEqual([["label", '"mine"']]);
});

describe("versions", () => {
  test("1 to 2: what was plain is compressed", async () => {
    const old = await SnapshotMaker.create(primitives, new MemoryBackend(), 1);
    await old.snapshot(source);
    await copy({}, { from: old, to });
    await expectSound(to);
    const size = (maker: SnapshotMaker): number =>
      [...maker.backend.files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(size(to)).toBeLessThan(size(old) - 60_000);
  });

  test("2 to 1: nothing is compressed", async () => {
    const old = await SnapshotMaker.create(primitives, new MemoryBackend(), 1);
    await copy({}, { from, to: old });
    await expectSound(old);
    (await old.opened()).index.forEach((_type, _id, { rawLength }) => expect(rawLength).toBe(0));
  });
});

describe("repositories with the same key", () => {
  let mirror: SnapshotMaker;

  beforeEach(async () => {
    mirror = clone(from);
    for (const path of mirror.backend.files.keys()) {
      if (/^(data|index|snapshots)/.test(path)) mirror.backend.files.delete(path);
    }
  });

  test("packs are taken over as they are", async () => {
    const { result } = await copy({}, { from, to: mirror });
    expect(result.rawPacks).toBeGreaterThan(2);
    for (const [path, bytes] of mirror.backend.files) {
      if (path.startsWith("data/")) expect(from.backend.files.get(path)).toEqual(bytes);
    }
    await expectSound(mirror);
  });

  test("a pack that lies there unindexed does not stop the copy", async () => {
    const [path, bytes] = [...from.backend.files].find(([name]) => name.startsWith("data/"))!;
    mirror.backend.files.set(path, bytes);
    await copy({}, { from, to: mirror });
    expect((await loadSnapshots(mirror.repo)).snapshots).toHaveLength(2);
    const { index } = await mirror.opened();
    expect(index.blobCount).toBe((await from.opened()).index.blobCount);
  });

  test("of a pack of which a part is needed, that part is copied", async () => {
    await copy({}, { from, to: mirror });
    source.write("/home/d/b", "more");
    const marked = clone(mirror);
    await marked.snapshot(source, { tags: ["late"] });
    await copy({}, { from: marked, to: from });
    await expectSound(from);
  });
});

describe("damage", () => {
  test("a damaged blob stops the copy before any snapshot that needs it", async () => {
    for (const [path, bytes] of from.backend.files) {
      if (!path.startsWith("data/") || bytes.length < 100_000) continue;
      const copy = bytes.slice();
      copy[50]! ^= 1;
      from.backend.files.set(path, copy);
    }
    await expect(copy()).rejects.toMatchObject({ code: "BAD_MAC" });
    expect((await loadSnapshots(to.repo)).snapshots).toEqual([]);
    expect([...to.backend.files.keys()].some((path) => path.startsWith("snap"))).toBe(false);
  });

  test("another sound copy of a damaged blob is used", async () => {
    // Both clients stored the same blobs: the index names two places for each.
    const twin = await SnapshotMaker.create(primitives);
    await copy({}, { from, to: twin });
    const both = clone(from);
    for (const path of both.backend.files.keys()) {
      if (/^(index|snapshots)/.test(path)) both.backend.files.delete(path);
    }
    await copy({}, { from: twin, to: both });
    for (const [path, bytes] of from.backend.files) {
      if (/^(index|snapshots)/.test(path)) both.backend.files.set(path, bytes);
    }
    for (const [path, bytes] of from.backend.files) {
      if (!path.startsWith("data/")) continue;
      const harmed = bytes.slice();
      harmed[40]! ^= 1;
      both.backend.files.set(path, harmed);
    }
    await copy({}, { from: both, to });
    await expectSound(to);
  });

  test("storage that fails ends the copy with its error, and a second run completes it", async () => {
    const full = new MemoryBackend({ capacity: 4_000_000 });
    for (const [path, bytes] of to.backend.files) await full.write(refOf(path), [bytes]);
    const { config, masterKey, keyId } = to.repo;
    const limited = new SnapshotMaker(
      new OpenedRepository(full, primitives, { config, masterKey, keyId }),
      primitives,
    );
    await expect(copy({}, { from, to: limited })).rejects.toMatchObject({ code: "STORAGE_FULL" });
    expect((await loadSnapshots(limited.repo)).snapshots).toEqual([]);
    await copy();
    await expectSound(to);
  });
});

function refOf(path: string) {
  if (path === "config") return { type: "config", name: "config" } as const;
  return { type: "key", name: path.slice("keys/".length) } as const;
}

test("a comparison of copy and original finds nothing", async () => {
  await copy();
  const [a] = (await loadSnapshots(from.repo)).snapshots;
  const copies = (await loadSnapshots(to.repo)).snapshots;
  const b = copies.find(({ original }) => original === a!.id)!;
  const stats = await diffTrees(await to.opened(), rootOf(a!), rootOf(b), { metadata: true });
  expect(stats.added.treeBlobs + stats.removed.treeBlobs).toBe(0);
});
