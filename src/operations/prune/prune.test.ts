import { beforeEach, describe, expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { check } from "#operations/check/check.ts";
import { applyPrune, applyPruneWithoutSpace } from "#operations/prune/apply-prune.ts";
import { isEmptyPlan, planPrune } from "#operations/prune/plan-prune.ts";
import type { PruneOptions, PrunePlan, PruneResult } from "#operations/prune/prune-types.ts";
import { fileNode, folderNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const SETTINGS = { compression: "auto", packSize: 16 * 1024 * 1024, verify: true } as const;
const ALL: PruneOptions = { maxUnused: { kind: "bytes", bytes: 0 } };

let backend: MemoryBackend;
let maker: HostileRepository;

async function make(version: 1 | 2 = 2): Promise<void> {
  const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
  backend = new MemoryBackend();
  maker = await HostileRepository.create(backend, primitives, version);
}

beforeEach(() => make());

/** A file's blob of its own text, in a snapshot of its own. */
const text = (name: string): string => `content of ${name}`;

async function snapshotOf(...names: string[]): Promise<string> {
  const nodes = names
    .toSorted()
    .map((name) => fileNode(name, [hashOf(text(name))], text(name).length));
  const root = maker.tree([folderNode("d", maker.tree(nodes))], {
    compress: maker.config.version === 2,
  });
  await maker.pack();
  return maker.snapshot(root);
}

function hashOf(value: string): Uint8Array {
  return maker.repo.primitives.crypto.sha256(new TextEncoder().encode(value));
}

function plan(options: PruneOptions = ALL): Promise<PrunePlan> {
  const repo = maker.reopen();
  return planPrune(repo, createInlinePool(repo, {}), options);
}

async function prune(options: PruneOptions = ALL): Promise<PruneResult> {
  const repo = maker.reopen();
  const pool = createInlinePool(repo, {});
  return applyPrune(repo, pool, await planPrune(repo, pool, options), SETTINGS);
}

async function expectClean(remarks = 0): Promise<void> {
  const repo = maker.reopen();
  const result = await check(repo, createInlinePool(repo, {}), { readData: { kind: "all" } });
  expect(result.errors).toEqual([]);
  expect(result.remarks.length).toBe(remarks);
}

function countOf(folder: string): number {
  return [...backend.files.keys()].filter((path) => path.startsWith(`${folder}/`)).length;
}

describe("a plan", () => {
  test("names what goes, what is repacked, and why nothing is lost", async () => {
    maker.data(text("a"));
    maker.data(text("gone"));
    await maker.pack();
    maker.data(text("unused"));
    const unused = await maker.pack();
    await snapshotOf("a");
    await maker.index();
    maker.data("never indexed");
    const orphan = await maker.pack({ unindexed: true });
    const { stats, unindexed, remove, repack } = await plan();
    expect({ unindexed, remove }).toEqual({ unindexed: [orphan], remove: [unused] });
    // The half-used pack, and the trees that are not all compressed.
    expect(repack.length).toBe(2);
    expect(stats.packs).toEqual({
      used: 1,
      partlyUsed: 1,
      unused: 1,
      unindexed: 1,
      keep: 0,
      repack: 2,
      remove: 1,
    });
    expect(stats.used.blobs).toBe(3);
    expect(stats.unused.blobs).toBe(2);
    expect(stats.repackRemove.blobs).toBe(1);
    expect(stats.remaining.blobs).toBe(3);
    expect(backend.files.size).toBe(8);
  });

  test("a second prune has nothing to do", async () => {
    maker.data(text("a"));
    maker.data(text("gone"));
    await maker.pack();
    await snapshotOf("a");
    await maker.index();
    const result = await prune();
    expect(result).toMatchObject({ packsWritten: 2, packsRemoved: 2, packsLeft: [] });
    await expectClean();
    expect(isEmptyPlan(await plan())).toBe(true);
  });

  test("tolerates what --max-unused allows, but not in trees", async () => {
    for (const name of ["a", "b"]) maker.data(text(name));
    maker.data("x".repeat(4_000_000));
    await maker.pack();
    await snapshotOf("a", "b");
    await maker.index();
    const tolerant = await plan({ maxUnused: { kind: "unlimited" } });
    expect(tolerant.repack.length).toBe(1);
    expect(tolerant.stats.unusedAfter.blobs).toBe(1);
    expect((await plan({})).stats.unusedAfter.blobs).toBe(0);
    expect((await plan({ ...ALL, repackCacheableOnly: true })).repack.length).toBe(1);
    expect((await plan({ ...ALL, maxRepackBytes: 1000 })).stats.repackRemove.blobs).toBe(0);
  });

  test("merges small packs when there are ten of them", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `f${i}`);
    for (const [i, name] of names.entries()) {
      if (i === 9) continue;
      maker.data(text(name), { compress: true });
      await maker.pack();
    }
    maker.data(text("f9"), { compress: true });
    await maker.pack();
    await snapshotOf(...names);
    await maker.index();
    expect((await plan()).repack.length).toBe(11);
    await prune();
    await expectClean();
    expect(countOf("data")).toBe(2);
    expect(isEmptyPlan(await plan())).toBe(true);
  });
});

describe("copies of one blob", () => {
  test("one stays, the others go, and the used bytes are counted once", async () => {
    for (let i = 0; i < 3; i++) {
      maker.data(text("a"));
      maker.data(`unused ${i}`);
      await maker.pack();
    }
    await snapshotOf("a");
    await maker.index();
    const { stats } = await plan();
    expect(stats).toMatchObject({
      used: { blobs: 3 },
      duplicate: { blobs: 2 },
      unused: { blobs: 3 },
    });
    await prune();
    await expectClean();
    expect(isEmptyPlan(await plan())).toBe(true);
  });

  test("a copy in a pack of copies only is chosen: an interrupted run is finished", async () => {
    maker.data(text("a"));
    maker.data("unused");
    const old = await maker.pack();
    maker.data(text("a"));
    const fresh = await maker.pack();
    await snapshotOf("a");
    await maker.index();
    const { remove, repack } = await plan();
    expect(remove).toEqual([old]);
    expect(repack.map(({ id }) => id)).not.toContain(fresh);
  });

  test("a damaged copy is replaced by a sound one", async () => {
    const id = hashOf(text("a"));
    maker.data("unused");
    maker.blob("data", new TextEncoder().encode("wrong"), { id });
    await maker.pack();
    maker.data(text("a"));
    maker.data("unused too");
    await maker.pack();
    await snapshotOf("a");
    await maker.index();
    await prune();
    await expectClean();
  });
});

describe("stops before it changes anything", () => {
  const files = (): string[] => [...backend.files.keys()].toSorted();

  async function refuses(pattern: RegExp): Promise<void> {
    const before = files();
    await expect(prune()).rejects.toThrow(pattern);
    expect(files()).toEqual(before);
  }

  test("when a needed pack is missing or cut", async () => {
    maker.data(text("a"));
    const pack = await maker.pack();
    await snapshotOf("a");
    await maker.index();
    const path = files().find((name) => name.endsWith(pack))!;
    const bytes = backend.files.get(path)!;
    backend.files.set(path, bytes.subarray(1));
    await refuses(/has \d+ bytes where its index entries add up to/);
    backend.files.delete(path);
    await refuses(/is missing/);
  });

  test("when a blob, a tree, an index or a snapshot cannot be read", async () => {
    await snapshotOf("a");
    await maker.index();
    await refuses(/needs data blob [0-9a-f]{8}, which no index names/);
    await make();
    await maker.snapshot(hashOf("no such tree"));
    await refuses(/No index names tree blob/);
    for (const type of ["index", "snapshots"]) {
      await make();
      maker.data(text("a"));
      await snapshotOf("a");
      await maker.index();
      const path = files().find((name) => name.startsWith(`${type}/`))!;
      backend.files.set(path, new Uint8Array(100));
      await refuses(/cannot be (read|used)|Cannot read/);
    }
  });

  test("when a snapshot appears after the plan", async () => {
    maker.data(text("a"));
    maker.data(text("b"));
    await maker.pack();
    const unused = await (async () => {
      maker.data(text("c"));
      return maker.pack();
    })();
    await snapshotOf("a");
    await maker.index();
    const repo = maker.reopen();
    const pool = createInlinePool(repo, {});
    const made = await planPrune(repo, pool, ALL);
    await snapshotOf("c");
    await maker.index();
    await expect(applyPrune(repo, pool, made, SETTINGS)).rejects.toThrow(/made meanwhile/);
    expect(files().some((name) => name.endsWith(unused))).toBe(true);
    await expectClean();
  });

  test("when the only copy of a blob is damaged: the old pack stays", async () => {
    maker.data("unused");
    maker.blob("data", new TextEncoder().encode("wrong"), { id: hashOf(text("a")) });
    const pack = await maker.pack();
    await snapshotOf("a");
    await maker.index();
    await expect(prune()).rejects.toThrow(/hash/);
    expect(files().some((name) => name.endsWith(pack))).toBe(true);
  });
});

test("a missing pack that nobody needs is forgotten", async () => {
  maker.data(text("a"));
  await maker.pack();
  maker.data("unused");
  const lost = await maker.pack();
  await snapshotOf("a");
  await maker.index();
  for (const path of backend.files.keys()) if (path.endsWith(lost)) backend.files.delete(path);
  expect((await plan()).forget).toEqual([lost]);
  await prune();
  await expectClean();
});

test("mixed packs are taken apart; compressed stays compressed; version 1 too", async () => {
  for (const version of [1, 2] as const) {
    await make(version);
    maker.data(text("a"), { compress: version === 2 });
    const tree = maker.tree([fileNode("a", [hashOf(text("a"))], text("a").length)]);
    await maker.pack();
    await maker.snapshot(tree);
    await maker.index();
    await expectClean(1);
    await prune();
    await expectClean();
    expect(countOf("data")).toBe(2);
    expect(isEmptyPlan(await plan())).toBe(true);
  }
});

test("--repack-uncompressed compresses data", async () => {
  const long = "same ".repeat(1000);
  const id = maker.data(long);
  await maker.pack();
  const root = maker.tree([fileNode("a", [id], long.length)], { compress: true });
  await maker.pack();
  await maker.snapshot(root);
  await maker.index();
  expect(isEmptyPlan(await plan())).toBe(true);
  expect((await plan()).stats.uncompressedBytes).toBe(long.length + 32);
  await prune({ ...ALL, repackUncompressed: true });
  await expectClean();
  expect((await plan({ ...ALL, repackUncompressed: true })).stats.uncompressedBytes).toBe(0);
});

test("without free space: nothing is repacked, the index is written last", async () => {
  maker.data(text("a"));
  await maker.pack();
  maker.data("unused");
  await maker.pack();
  await snapshotOf("a");
  await maker.index();
  const repo = maker.reopen();
  const pool = createInlinePool(repo, {});
  const made = await planPrune(repo, pool, { ...ALL, noRepack: true });
  expect(made.repack).toEqual([]);
  const result = await applyPruneWithoutSpace(repo, made);
  expect(result).toMatchObject({ packsRemoved: 1, indexFilesWritten: 1, indexFilesRemoved: 1 });
  await expectClean();
});

test("a pack that cannot be removed is told and left for the next run", async () => {
  maker.data(text("a"));
  await maker.pack();
  maker.data("unused");
  const stuck = await maker.pack();
  await snapshotOf("a");
  await maker.index();
  const remove = backend.remove.bind(backend);
  backend.remove = async (file, options) => {
    if (file.name === stuck)
      throw new (await import("#base/errors.ts")).CofferError("DENIED", "no");
    await remove(file, options);
  };
  expect((await prune()).packsLeft).toEqual([stuck]);
  backend.remove = remove;
  await expectClean(1);
  expect((await prune()).packsRemoved).toBe(1);
  await expectClean();
});
