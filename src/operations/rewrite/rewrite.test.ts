import { beforeEach, describe, expect, test } from "vitest";
import { fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { type HexId, idToBytes } from "#format/id.ts";
import { check } from "#operations/check/check.ts";
import { listTree } from "#operations/ls.ts";
import { patchSubtree } from "#operations/rewrite/patch-subtree.ts";
import {
  type RewriteEvent,
  type RewriteOptions,
  rewriteSnapshots,
} from "#operations/rewrite/rewrite.ts";
import { loadIndex } from "#repository/load-index.ts";
import { loadSnapshot, loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";
import { fileNode, folderNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { fileOf, folderOf } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { SnapshotMaker } from "#testkit/snapshot-maker.ts";
import { reopen, testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
const PLAIN: RewriteOptions = {
  summary: false,
  forget: false,
  dryRun: false,
  packSize: 4 * 1024 * 1024,
};
let maker: SnapshotMaker;
let first: StoredSnapshot;

beforeEach(async () => {
  maker = await SnapshotMaker.create(primitives);
  const source = new MemorySource(
    folderOf({
      home: folderOf({
        keep: folderOf({ a: fileOf("aa"), "b.tmp": fileOf("b") }),
        secret: folderOf({ s: fileOf("sss"), t: fileOf("t") }),
        "X.TMP": fileOf("x"),
        untouched: folderOf({ u: fileOf("uuuu") }),
      }),
    }),
  );
  first = await maker.snapshot(source);
  source.write("/home/keep/a", "aaa");
  await maker.snapshot(source, { time: { seconds: 1_800_000_000, nanos: 5 } });
});

const patterns = (...list: string[]) => ({ patterns: list, insensitivePatterns: [] });

async function rewrite(options: Partial<RewriteOptions>, snapshots?: StoredSnapshot[]) {
  const repo = await maker.opened();
  const events: RewriteEvent[] = [];
  const all = snapshots ?? (await loadSnapshots(repo)).snapshots;
  const result = await rewriteSnapshots(
    repo,
    all,
    { ...PLAIN, ...options },
    { progress: (event) => events.push(event) },
  );
  const ids = events.flatMap((event) => (event.kind === "rewritten" ? [event.id!] : []));
  return { result, events, ids };
}

async function paths(tree: string): Promise<string[]> {
  const found: string[] = [];
  const repo = await maker.opened();
  for await (const { path } of listTree(repo, idToBytes(tree as HexId))) {
    found.push(fromUtf8(path));
  }
  return found;
}

async function expectSound(): Promise<void> {
  const repo = reopen(maker.repo, primitives);
  const pool = createInlinePool(repo, {});
  const result = await check(repo, pool, { readData: { kind: "all" }, snapshots: undefined });
  expect(result.errors).toEqual([]);
}

describe("excludes", () => {
  test("leave entries out, keep untouched folders as they are, and count again", async () => {
    const { result, ids, events } = await rewrite({ exclude: patterns("*.tmp", "/home/secret") });
    expect(result).toEqual({ modified: 2, unchanged: 0, emptied: 0 });
    const fresh = await loadSnapshot(maker.repo, ids[0] as HexId);
    expect(await paths(fresh.tree)).toEqual([
      "/home",
      "/home/X.TMP",
      "/home/keep",
      "/home/keep/a",
      "/home/untouched",
      "/home/untouched/u",
    ]);
    const { summary } = fresh;
    expect(summary).toMatchObject({ totalFilesProcessed: 3, totalBytesProcessed: 7 });
    expect(summary?.filesNew).toBe(first.summary?.filesNew);
    expect(fresh).toMatchObject({ original: first.id, tags: ["rewrite"], time: first.time });
    const excluded = events.flatMap((event) =>
      event.kind === "excluded" ? [fromUtf8(event.path)] : [],
    );
    expect(new Set(excluded)).toEqual(new Set(["/home/keep/b.tmp", "/home/secret"]));
    await expectSound();
  });

  test("of nothing change nothing", async () => {
    const before = new Map(maker.backend.files);
    const { result } = await rewrite({ exclude: patterns("nothing-like-this") });
    expect(result).toEqual({ modified: 0, unchanged: 2, emptied: 0 });
    expect(maker.backend.files).toEqual(before);
  });

  test("ignoring case", async () => {
    const exclude = { patterns: [], insensitivePatterns: ["*.tmp"] };
    const { ids } = await rewrite({ exclude });
    const { tree } = await loadSnapshot(maker.repo, ids[0] as HexId);
    expect((await paths(tree)).filter((path) => /tmp$/i.test(path))).toEqual([]);
  });

  test("that match everything leave the snapshot as it is", async () => {
    const { result } = await rewrite({ exclude: patterns("/home"), forget: true });
    expect(result).toEqual({ modified: 0, unchanged: 0, emptied: 2 });
    expect((await loadSnapshots(maker.repo)).snapshots).toHaveLength(2);
  });
});

describe("includes", () => {
  test("keep what matches and the folders that lead there", async () => {
    const { ids } = await rewrite({ include: patterns("secret", "*.tmp") });
    const { tree } = await loadSnapshot(maker.repo, ids[0] as HexId);
    expect(await paths(tree)).toEqual([
      "/home",
      "/home/keep",
      "/home/keep/b.tmp",
      "/home/secret",
      "/home/secret/s",
      "/home/secret/t",
    ]);
    await expectSound();
  });
});

describe("metadata", () => {
  test("host and time; the tree stays", async () => {
    const newTime = { seconds: 1_600_000_000, nanos: 0 };
    const { ids } = await rewrite({ newHost: "other", newTime, forget: true }, [first]);
    const fresh = await loadSnapshot(maker.repo, ids[0] as HexId);
    expect(fresh).toMatchObject({ hostname: "other", tree: first.tree, tags: [] });
    expect(fresh.time.seconds).toBe(1_600_000_000);
    const left = (await loadSnapshots(maker.repo)).snapshots.map(({ id }) => id);
    expect(left).toContain(ids[0]);
    expect(left).not.toContain(first.id);
  });

  test("counts where there were none; unknown fields survive", async () => {
    const repo = await maker.opened();
    const { summary: _, ...bare } = first;
    const label: [string, string] = ["label", '"l"'];
    const { saveSnapshot } = await import("#repository/snapshots.ts");
    const id = await saveSnapshot(repo, { ...bare, extra: [label] });
    const { ids } = await rewrite({ summary: true }, [await loadSnapshot(repo, id)]);
    const fresh = await loadSnapshot(repo, ids[0] as HexId);
    expect(fresh.summary).toMatchObject({ totalFilesProcessed: 6, totalBytesProcessed: 12 });
    expect(fresh.extra).toEqual([label]);
    expect((await rewrite({ summary: true }, [first])).result.unchanged).toBe(1);
  });
});

test("a dry run tells the same and stores nothing", async () => {
  const before = new Map(maker.backend.files);
  const dry = await rewrite({ exclude: patterns("secret"), dryRun: true, forget: true });
  expect(dry.result.modified).toBe(2);
  expect(maker.backend.files).toEqual(before);
  expect((await rewrite({ exclude: patterns("secret") })).result).toEqual(dry.result);
});

describe("foreign trees", () => {
  async function hostile(make: (maker: HostileRepository) => Uint8Array) {
    const foreign = await HostileRepository.create(maker.backend, primitives).catch(async () => {
      maker.backend.files.clear();
      return HostileRepository.create(maker.backend, primitives);
    });
    const root = make(foreign);
    await foreign.pack();
    await foreign.index();
    await foreign.snapshot(root);
    await loadIndex(foreign.repo);
    const { snapshots } = await loadSnapshots(foreign.repo);
    const run = rewriteSnapshots(foreign.repo, snapshots, { ...PLAIN, exclude: patterns("gone") });
    return { foreign, run };
  }

  test("unknown fields and foreign times of what stays survive", async () => {
    const { foreign, run } = await hostile((repo) => {
      const extra = { birthtime: "x", mtime: "2020-01-01T00:00:00+02:00" };
      const sub = repo.tree([fileNode("gone", [], 0), fileNode("stays", [], 0, extra)]);
      return repo.tree([folderNode("d", sub, { more: [1] })]);
    });
    expect(await run).toMatchObject({ modified: 1 });
    const { snapshots } = await loadSnapshots(foreign.repo);
    const fresh = snapshots.find(({ original }) => original !== undefined)!;
    const root = await foreign.repo.loadBlob("tree", idToBytes(fresh.tree));
    expect(fromUtf8(root)).toContain('"more":[1]');
    let bytes = "";
    for await (const { node } of listTree(foreign.repo, idToBytes(fresh.tree))) {
      if (node.subtree) bytes = fromUtf8(await foreign.repo.loadBlob("tree", node.subtree));
    }
    expect(bytes).toContain('"birthtime":"x"');
    expect(bytes).toContain("+02:00");
    expect(bytes).not.toContain("gone");
  });

  test("what cannot be written again without loss stops the rewriting", async () => {
    const { run } = await hostile((repo) =>
      repo.tree([fileNode("z", [], 0), fileNode("gone", [], 0)]),
    );
    await expect(run).rejects.toMatchObject({
      code: "BAD_TREE",
      message: expect.stringContaining("without losing information"),
    });
  });
});

test("a subtree is replaced only where it is one", () => {
  const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const node = (text: string): Uint8Array =>
    utf8(
      `{"name":"d","type":"dir","mtime":"2020-01-01T00:00:00Z","atime":"2020-01-01T00:00:00Z",` +
        `"ctime":"2020-01-01T00:00:00Z","uid":0,"gid":0,"content":null,${text}}`,
    );
  const old = node(`"subtree":"${toHex(a)}"`);
  expect(fromUtf8(patchSubtree(old, a, b))).toBe(fromUtf8(node(`"subtree":"${toHex(b)}"`)));
  const spaced = node(`"subtree": "${toHex(a)}"`);
  expect(() => patchSubtree(spaced, a, b)).toThrow(/losing information/);
  const nested = node(`"subtree": "${toHex(a)}","x":{"subtree":"${toHex(a)}"}`);
  expect(() => patchSubtree(nested, a, b)).toThrow(/losing information/);
});
