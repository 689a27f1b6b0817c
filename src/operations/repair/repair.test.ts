import { beforeEach, describe, expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { concatBytes, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import type { HexId } from "#format/id.ts";
import { check } from "#operations/check/check.ts";
import type { CheckResult } from "#operations/check/check-types.ts";
import { readFileContent } from "#operations/read-file.ts";
import { folderNames, recover } from "#operations/recover.ts";
import {
  applyRepairIndex,
  isSoundIndex,
  planRepairIndex,
  type RepairIndexPlan,
} from "#operations/repair/repair-index.ts";
import { repairPacks } from "#operations/repair/repair-packs.ts";
import {
  repairSnapshots,
  type RepairSnapshotsResult,
} from "#operations/repair/repair-snapshots.ts";
import { loadIndex } from "#repository/load-index.ts";
import { loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";
import { fileNode, folderNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const SETTINGS = { compression: "auto", packSize: 16 * 1024 * 1024, verify: true } as const;

let backend: MemoryBackend;
let maker: HostileRepository;

beforeEach(async () => {
  backend = new MemoryBackend();
  const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
  maker = await HostileRepository.create(backend, primitives);
});

function pathOf(name: string): string {
  return [...backend.files.keys()].find((path) => path.endsWith(name))!;
}

async function checked(): Promise<CheckResult> {
  const repo = maker.reopen();
  return check(repo, createInlinePool(repo, {}), { readData: { kind: "all" } });
}

async function repairIndex(options = {}): Promise<RepairIndexPlan> {
  const repo = maker.reopen();
  const plan = await planRepairIndex(repo, options);
  await applyRepairIndex(repo, plan);
  return plan;
}

/** `/a` and `/d/b` of one snapshot, data and trees in packs of their own. */
async function twoFiles(): Promise<{
  data: HexId;
  trees: HexId;
  snapshot: HexId;
  sub: Uint8Array;
}> {
  const [a, b] = [maker.data("aaa"), maker.data("bbb")];
  const data = await maker.pack();
  const sub = maker.tree([fileNode("b", [b], 3)]);
  const root = maker.tree([fileNode("a", [a], 3), folderNode("d", sub)]);
  const trees = await maker.pack();
  const snapshot = await maker.snapshot(root);
  return { data, trees, snapshot, sub };
}

describe("repair index", () => {
  test("leaves a sound one alone", async () => {
    await twoFiles();
    await maker.index();
    const before = [...backend.files.keys()];
    expect(isSoundIndex(await repairIndex())).toBe(true);
    expect([...backend.files.keys()]).toEqual(before);
  });

  test("adds packs that no index names, and reads all headers when asked", async () => {
    await twoFiles();
    expect((await repairIndex()).reread.length).toBe(2);
    expect((await checked()).errors).toEqual([]);
    expect((await repairIndex({ readAllPacks: true })).reread.length).toBe(2);
    expect(await checked()).toMatchObject({ errors: [], remarks: [] });
  });

  test("replaces an index that cannot be read, forgets packs that are gone", async () => {
    await twoFiles();
    const name = await maker.index();
    maker.data("unused");
    const lost = await maker.pack();
    await maker.index();
    backend.files.set(pathOf(name), new Uint8Array(99));
    backend.files.delete(pathOf(lost));
    const plan = await repairIndex();
    expect([...plan.broken]).toEqual([name]);
    expect(plan.missing).toEqual([lost]);
    expect(await checked()).toMatchObject({ errors: [], remarks: [] });
  });

  test("joins what is listed twice and settles contradictions by the header", async () => {
    const { data } = await twoFiles();
    const packs = [...maker.packs];
    await maker.index();
    await maker.index(packs.slice(0, 1));
    expect((await repairIndex()).repeated).toBe(1);
    expect(await checked()).toMatchObject({ errors: [], remarks: [] });
    const half = { ...packs[0]!, blobs: packs[0]!.blobs.slice(0, 1) };
    await maker.index([half]);
    expect((await repairIndex()).reread.map(({ id }) => id)).toEqual([data]);
    expect(await checked()).toMatchObject({ errors: [], remarks: [] });
  });

  test("keeps a cut pack as long as a blob of it can be read", async () => {
    const { data } = await twoFiles();
    await maker.index();
    const bytes = backend.files.get(pathOf(data))!;
    backend.files.set(pathOf(data), bytes.subarray(0, 50));
    expect(await repairIndex()).toMatchObject({ damaged: [data], unreadable: [] });
    const repo = maker.reopen();
    await loadIndex(repo);
    expect(await repo.loadBlob("data", maker.repo.primitives.crypto.sha256(utf8("aaa")))).toEqual(
      utf8("aaa"),
    );
    backend.files.set(pathOf(data), bytes.subarray(0, 20));
    expect(await repairIndex()).toMatchObject({ damaged: [], unreadable: [data] });
  });
});

describe("repair packs", () => {
  test("saves what is good, tells what is lost, hands out a copy first", async () => {
    const { data } = await twoFiles();
    await maker.index();
    const cut = backend.files.get(pathOf(data))!.subarray(0, 50);
    backend.files.set(pathOf(data), cut);
    const copies = new Map<string, Uint8Array>();
    const saveCopy = async (id: HexId, bytes: Uint8Array): Promise<void> => {
      copies.set(id, bytes);
    };
    const options = { ids: [data], settings: SETTINGS, saveCopy };
    const result = await repairPacks(maker.reopen(), options);
    expect(result).toEqual({ packs: 1, saved: 1, lost: 1 });
    expect(copies.get(data)).toEqual(cut);
    const { errors } = await checked();
    expect(errors.map(({ code }) => code)).toEqual(["MISSING_BLOB"]);
    await expect(repairPacks(maker.reopen(), options)).rejects.toThrow(/There is no pack/);
  });

  test("loses nothing of a sound pack", async () => {
    const { data, trees } = await twoFiles();
    await maker.index();
    const saveCopy = (): Promise<void> => Promise.resolve();
    const options = { ids: [data, trees], settings: SETTINGS, saveCopy };
    expect(await repairPacks(maker.reopen(), options)).toMatchObject({ saved: 4, lost: 0 });
    expect(await checked()).toMatchObject({ errors: [], remarks: [] });
  });
});

async function repairAll(
  options: { forget?: boolean; dryRun?: boolean } = {},
): Promise<RepairSnapshotsResult> {
  const repo = maker.reopen();
  const { snapshots } = await loadSnapshots(repo);
  await loadIndex(repo);
  const wanted = { settings: SETTINGS, forget: false, dryRun: false, ...options };
  return repairSnapshots(repo, snapshots, wanted, snapshots);
}

async function contentOf(snapshot: StoredSnapshot, path: string): Promise<string> {
  const repo = maker.reopen();
  await loadIndex(repo);
  const parts: Uint8Array[] = [];
  for await (const part of readFileContent(repo, idBytes(snapshot.tree), path)) parts.push(part);
  return new TextDecoder().decode(concatBytes(parts));
}

function idBytes(id: string): Uint8Array {
  return Uint8Array.from(id.match(/../g)!, (hex) => parseInt(hex, 16));
}

describe("repair snapshots", () => {
  test("does not touch sound ones", async () => {
    await twoFiles();
    await maker.index();
    expect(await repairAll()).toEqual({ sound: 1, repaired: 0, lost: 0 });
    expect((await loadSnapshots(maker.repo)).snapshots.length).toBe(1);
  });

  test("drops lost content, folders and invalid entries; keeps the rest", async () => {
    const [a, gone] = [maker.data("aaa"), new Uint8Array(32).fill(7)];
    await maker.pack();
    const root = maker.tree([
      fileNode("a", [a], 3),
      fileNode("b", [a, gone, a], 99, { inode: "x" }),
      fileNode("c", [a, gone, a], 99, { links: 2 }),
      folderNode("d", gone),
      fileNode("..", [a], 3),
    ]);
    await maker.pack();
    await maker.index();
    const first = await maker.snapshot(root, { tags: ["t"], extra: [["label", '"x"']] });
    expect(await repairAll({ dryRun: true })).toEqual({ sound: 0, repaired: 1, lost: 0 });
    expect((await loadSnapshots(maker.repo)).snapshots.length).toBe(1);
    expect(await repairAll()).toEqual({ sound: 0, repaired: 1, lost: 0 });
    const { snapshots } = await loadSnapshots(maker.repo);
    const repaired = snapshots.find(({ id }) => id !== first)!;
    expect(repaired).toMatchObject({ original: first, tags: ["t", "repaired"] });
    expect(repaired.extra).toEqual([["label", '"x"']]);
    expect(await contentOf(repaired, "a")).toBe("aaa");
    expect(await contentOf(repaired, "c")).toBe("aaaaaa");
    // Run again: what was made is found, not made twice.
    expect(await repairAll()).toEqual({ sound: 1, repaired: 1, lost: 0 });
    expect((await loadSnapshots(maker.repo)).snapshots.length).toBe(2);
    expect(await repairAll({ forget: true })).toEqual({ sound: 1, repaired: 1, lost: 0 });
    expect((await checked()).errors).toEqual([]);
  });

  test("a snapshot whose root is lost goes only with forget", async () => {
    await maker.snapshot(new Uint8Array(32).fill(9));
    expect(await repairAll()).toEqual({ sound: 0, repaired: 0, lost: 1 });
    expect((await loadSnapshots(maker.repo)).snapshots.length).toBe(1);
    await repairAll({ forget: true });
    expect((await loadSnapshots(maker.repo)).snapshots.length).toBe(0);
  });
});

test("recover offers every root once, sorted, under a name of its own", async () => {
  const blob = maker.data("aaa");
  await maker.pack();
  const roots = ["x", "y", "z"].map((name) => maker.tree([fileNode(name, [blob], 3)]));
  const kept = maker.tree([folderNode("d", roots[0]!)]);
  await maker.pack();
  await maker.index();
  await maker.snapshot(kept);
  const repo = maker.reopen();
  const { snapshots } = await loadSnapshots(repo);
  await loadIndex(repo);
  const options = {
    settings: SETTINGS,
    hostname: "h",
    username: "u",
    uid: 1,
    gid: 1,
    programVersion: "test",
  };
  expect((await recover(repo, snapshots, { ...options, dryRun: true })).roots.length).toBe(2);
  const { roots: found, snapshotId } = await recover(repo, snapshots, {
    ...options,
    dryRun: false,
  });
  expect(found.length).toBe(2);
  const made = (await loadSnapshots(repo)).snapshots.find(({ id }) => id === snapshotId)!;
  expect(made).toMatchObject({ paths: ["/recover"], tags: ["recovered"] });
  expect(await checked()).toMatchObject({ errors: [], remarks: [] });
  const again = maker.reopen();
  const all = (await loadSnapshots(again)).snapshots;
  await loadIndex(again);
  expect((await recover(again, all, { ...options, dryRun: false })).roots).toEqual([]);
  const ids = ["aaaaaaaaaa1", "aaaaaaaaab1", "b"].map((text) => text.padEnd(64, "0") as HexId);
  expect(folderNames(ids)).toEqual(["aaaaaaaaaa", "aaaaaaaaab", "b0000000"]);
});
