import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { check } from "#operations/check/check.ts";
import type { CheckOptions, CheckResult } from "#operations/check/check-types.ts";
import { fileNode, folderNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

let backend: MemoryBackend;
let maker: HostileRepository;

function primitives() {
  return testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
}

beforeEach(async () => {
  backend = new MemoryBackend();
  maker = await HostileRepository.create(backend, primitives());
});

async function run(options: CheckOptions = { readData: { kind: "all" } }): Promise<CheckResult> {
  const repo = maker.reopen();
  return check(repo, createInlinePool(repo, {}), options);
}

const codes = (result: CheckResult): string[] => result.errors.map(({ code }) => code);

/** Two snapshots: `/d/a` of two blobs in both, `/d/sub/b` in the second one only. */
async function sound(): Promise<{ first: string; second: string; data: string; trees: string }> {
  const one = maker.data("hello ", { compress: true });
  const two = maker.data("world");
  const three = maker.data("other", { compress: true });
  const data = await maker.pack();
  const a = fileNode("a", [one, two], 11);
  const sub = maker.tree([fileNode("b", [three], 5)]);
  const root1 = maker.tree([folderNode("d", maker.tree([a]))], { compress: true });
  const root2 = maker.tree([folderNode("d", maker.tree([a, folderNode("sub", sub)]))]);
  const trees = await maker.pack();
  await maker.index();
  const first = await maker.snapshot(root1);
  const time = { seconds: 1_700_000_100, nanos: 0, offsetMinutes: 0 };
  const second = await maker.snapshot(root2, { time });
  return { first, second, data, trees };
}

describe("a sound repository", () => {
  it("is clean, with every byte of its packs read", async () => {
    await sound();
    const result = await run();
    expect(result).toMatchObject({
      errors: [],
      errorCount: 0,
      remarks: [],
      snapshots: 2,
      packs: 2,
    });
    expect(result).toMatchObject({ trees: 5, packsRead: 2, brokenPacks: [] });
    let bytes = 0;
    for (const [path, content] of backend.files)
      if (path.startsWith("data/")) bytes += content.length;
    expect(result.bytesRead).toBe(bytes);
  });

  it("is clean when empty", async () => {
    expect(await run()).toMatchObject({ errorCount: 0, remarkCount: 0, packs: 0 });
  });

  it("is never called clean when interrupted", async () => {
    await sound();
    const repo = maker.reopen();
    const signal = AbortSignal.abort();
    const attempt = check(repo, createInlinePool(repo, {}), {}, { signal });
    await expect(attempt).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("reads the packs that a subset selects, all parts together every pack once", async () => {
    await sound();
    let read = 0;
    for (const part of [1, 2, 3]) {
      read += (await run({ readData: { kind: "part", part, total: 3 } })).packsRead;
    }
    expect(read).toBe(2);
    expect((await run({ readData: { kind: "percent", percent: 1 } })).packsRead).toBe(1);
    expect((await run({ readData: { kind: "bytes", bytes: 1 } })).packsRead).toBe(1);
    expect((await run({})).packsRead).toBe(0);
  });

  it("is only looked at as far as chosen snapshots need", async () => {
    const { first } = await sound();
    const lone = maker.data("only in the third");
    await maker.pack();
    const tree = maker.tree([fileNode("x", [lone], 17)]);
    await maker.flush();
    await maker.snapshot(tree);
    const all = await run();
    const some = await run({ snapshots: [first as never], readData: { kind: "all" } });
    expect(all.packsRead).toBe(4);
    expect(some).toMatchObject({ errorCount: 0, snapshots: 1, trees: 2, packsRead: 2 });
  });
});

describe("harm", () => {
  it("names the snapshots and paths that a missing pack spoils", async () => {
    const { data, first, second } = await sound();
    await backend.remove({ type: "pack", name: data });
    const result = await run();
    expect(codes(result)).toEqual(["NOT_FOUND"]);
    const [error] = result.errors;
    expect(error!.object).toEqual({ kind: "pack", id: data });
    expect(error!.harm.snapshots).toEqual([second, first]);
    expect(error!.harm.paths.toSorted()).toEqual(["/d/a", "/d/sub/b"]);
    expect(error!.harm.pathCount).toBe(3);
    expect(result).toMatchObject({ suggestRepairIndex: true, brokenPacks: [] });
  });

  it("limits a flipped bit to the file that it is in", async () => {
    const { data, second } = await sound();
    const path = `data/${data.slice(0, 2)}/${data}`;
    const bytes = backend.files.get(path)!;
    // The third blob begins after the first two; its ciphertext is 16 bytes in.
    const header = bytes.length - 4 - (41 + 37 + 41 + 32);
    bytes[header - 20]! ^= 1;
    const result = await run();
    expect(codes(result)).toEqual(["BAD_MAC"]);
    expect(result.errors[0]!.object).toEqual({ kind: "pack", id: data });
    expect(result.errors[0]!.harm).toEqual({
      snapshots: [second],
      snapshotCount: 1,
      paths: ["/d/sub/b"],
      pathCount: 1,
    });
    expect(result.brokenPacks).toEqual([data]);
  });

  it("does not call harmed what another copy still gives", async () => {
    const { data } = await sound();
    for (const text of ["hello ", "world", "other"]) maker.data(text);
    await maker.flush();
    const path = `data/${data.slice(0, 2)}/${data}`;
    backend.files.set(path, backend.files.get(path)!.subarray(0, 100));
    const result = await run();
    expect(result.errorCount).toBe(1);
    expect(result.errors[0]!.harm.pathCount).toBe(0);
  });

  it("is the whole folder when its tree is lost", async () => {
    const lost = utf8('{"nodes":[]}\n');
    const id = maker.repo.primitives.crypto.sha256(lost);
    const root = maker.tree([folderNode("gone", id)]);
    await maker.flush();
    const snapshot = await maker.snapshot(root);
    const result = await run();
    expect(codes(result)).toEqual(["MISSING_BLOB"]);
    expect(result.errors[0]!.object).toEqual({ kind: "tree", id: toHex(id) });
    expect(result.errors[0]!.harm).toMatchObject({ snapshots: [snapshot], paths: ["/gone"] });
  });

  it("is counted, not listed, where 2^40 paths lead to it", async () => {
    let tree = maker.tree([fileNode("bad", [], 7)]);
    for (let i = 0; i < 40; i++) tree = maker.tree([folderNode("l", tree), folderNode("r", tree)]);
    await maker.flush();
    await maker.snapshot(tree);
    const result = await run();
    expect(result.trees).toBe(41);
    expect(result.errors[0]!.harm.paths).toHaveLength(20);
    expect(result.errors[0]!.harm.pathCount).toBe(2 ** 40);
  });

  it("is found 5,000 folders deep", async () => {
    let tree = maker.tree([fileNode("bad", [], 7)]);
    for (let i = 0; i < 5000; i++) tree = maker.tree([folderNode("d", tree)]);
    await maker.flush();
    await maker.snapshot(tree);
    const result = await run({});
    expect(result.errors[0]!.harm.paths).toEqual([`${"/d".repeat(5000)}/bad`]);
  });
});

describe("malformed trees", () => {
  const tree = async (nodes: Parameters<HostileRepository["tree"]>[0]): Promise<CheckResult> => {
    maker.data("abcdef");
    await maker.pack();
    const id = maker.tree(nodes);
    await maker.flush();
    await maker.snapshot(id);
    return run();
  };
  const blob = (): Uint8Array => maker.repo.primitives.crypto.sha256(utf8("abcdef"));

  it.each(["..", ".", "../x", "/abs", "a/b", "nul\\x00", ""])("name %j", async (name) => {
    const result = await tree([fileNode(name, [blob()], 6)]);
    expect(result.errorCount).toBe(1);
    expect(result.errors[0]!.harm.snapshotCount).toBe(1);
  });

  it.each([
    ["duplicate names", [fileNode("a", [], 0), fileNode("a", [], 0)]],
    [
      "duplicate names that are apart",
      [fileNode("a", [], 0), fileNode("b", [], 0), fileNode("a", [], 0)],
    ],
    ["a size of 10^12", [fileNode("a", [], 1e12)]],
    ["no content", [fileNode("a", [], 0, { content: null })]],
    ["content that is not an id", [fileNode("a", [], 0, { content: ["xyz"] })]],
    ["a null content id", [fileNode("a", [], 0, { content: [null] })]],
    ["an unknown type", [fileNode("a", [], 0, { type: "door" })]],
    ["the type irregular", [fileNode("a", [], 0, { type: "irregular", content: null })]],
    ["no subtree", [folderNode("a", new Uint8Array(32), { subtree: null })]],
    ["a null subtree", [folderNode("a", new Uint8Array(32))]],
    ["a malformed time", [fileNode("a", [], 0, { mtime: "yesterday" })]],
    ["a negative size", [fileNode("a", [], -1)]],
    ["a link without target", [fileNode("a", [], 0, { type: "symlink", content: null })]],
  ])("%s", async (_what, nodes) => {
    const result = await tree(nodes);
    expect(result.errorCount).toBe(1);
    expect(result.errors[0]!.harm.paths).toEqual(["/a"]);
  });

  it("size of one byte with more content", async () => {
    const result = await tree([fileNode("a", [blob()], 1)]);
    expect(result.errors[0]!.message).toContain("claims 1 bytes, its content has 6");
  });

  it("a data blob that no index names is one error, however many files need it", async () => {
    const missing = new Uint8Array(32).fill(7);
    const result = await tree([fileNode("a", [missing], 6), fileNode("b", [missing], 6)]);
    expect(result.errorCount).toBe(1);
    expect(result.errors[0]).toMatchObject({ code: "MISSING_BLOB", object: { kind: "data" } });
    expect(result.errors[0]!.harm.paths).toEqual(["/a", "/b"]);
  });

  it("unsorted is a remark", async () => {
    const result = await tree([fileNode("b", [], 0), fileNode("a", [], 0)]);
    expect(result.errorCount).toBe(0);
    expect(result.remarks.map(({ code }) => code)).toEqual(["UNSORTED_TREE"]);
  });

  it.each(['{"nodes":null}', "not json", "{}", '{"nodes":[{}]}', ""])("text %j", async (json) => {
    const id = maker.rawTree(json);
    await maker.flush();
    const snapshot = await maker.snapshot(id);
    const result = await run();
    expect(result.errorCount).toBe(1);
    expect(result.errors[0]!.harm).toMatchObject({ snapshots: [snapshot], paths: ["/"] });
  });

  it("a tree id that is a data blob", async () => {
    const id = maker.data("no tree");
    await maker.flush();
    await maker.snapshot(id);
    expect(codes(await run())).toEqual(["MISSING_BLOB"]);
  });
});

describe("lying packs and indexes", () => {
  const snapshotOf = async (id: Uint8Array, size: number): Promise<void> => {
    const tree = maker.tree([fileNode("f", [id], size)]);
    await maker.flush();
    await maker.snapshot(tree);
  };

  it("a blob under a wrong hash", async () => {
    const id = maker.data("text", { id: new Uint8Array(32).fill(9) });
    await maker.pack();
    await snapshotOf(id, 4);
    const result = await run();
    expect(codes(result)).toEqual(["BAD_HASH"]);
    expect(result.errors[0]!.harm.paths).toEqual(["/f"]);
  });

  it("a bomb, with its length told or not", async () => {
    const bomb = new Uint8Array(64 * 1024 * 1024);
    const id = maker.blob("data", bomb, { compress: true, rawLength: 100 });
    await maker.pack();
    await snapshotOf(id, 100);
    expect(codes(await run())).toEqual(["TOO_LARGE"]);
  });

  it("a header that the index contradicts", async () => {
    const id = maker.data("text");
    await maker.pack({
      header: (entries) => entries.map((e) => ({ ...e, type: "tree" as const })),
    });
    await snapshotOf(id, 4);
    expect(codes(await run())).toEqual(["BAD_FORMAT"]);
  });

  it("an offset beyond the file, found without reading data", async () => {
    const id = maker.data("text");
    await maker.pack({
      indexed: (pack) => ({ ...pack, blobs: pack.blobs.map((b) => ({ ...b, offset: 5000 })) }),
    });
    await snapshotOf(id, 4);
    const result = await run({});
    expect(result.errors[0]).toMatchObject({ code: "BAD_FORMAT", object: { kind: "pack" } });
    expect(result.suggestRepairIndex).toBe(true);
  });

  it("two indexes that disagree, and two that agree", async () => {
    const id = maker.data("text");
    await maker.pack();
    const [pack] = maker.packs;
    await maker.index([pack!]);
    await snapshotOf(id, 4);
    const agreeing = await run();
    expect(agreeing.errorCount).toBe(0);
    expect(agreeing.remarks.map(({ code }) => code)).toEqual(["DUPLICATE_PACK"]);
    expect(agreeing.suggestRepairIndex).toBe(true);
    await maker.index([
      { ...pack!, blobs: pack!.blobs.map((b) => ({ ...b, type: "tree" as const })) },
    ]);
    expect(codes(await run({}))).toContain("BAD_FORMAT");
  });

  it.each([
    ["plain", false],
    ["compressed", true],
  ])("large blobs, %s: sound, damaged, and under a wrong hash", async (_how, compress) => {
    // Beyond one read of 4 MiB, so that blobs of several reads are joined to one hash.
    const random = maker.repo.primitives.random;
    const blobs = [300_000, 3_000_000, 3_000_000, 70_000].map((length) =>
      maker.blob("data", random.fill(new Uint8Array(length)), { compress }),
    );
    const big = await maker.pack();
    const wrong = maker.blob("data", random.fill(new Uint8Array(200_000)), {
      compress,
      id: new Uint8Array(32).fill(3),
    });
    await maker.pack();
    const file = fileNode("f", blobs, 6_370_000);
    const tree = maker.tree([file, fileNode("g", [wrong], 200_000)]);
    await maker.flush();
    await maker.snapshot(tree);
    const lying = await run();
    expect(codes(lying)).toEqual(["BAD_HASH"]);
    expect(lying.errors[0]!.harm.paths).toEqual(["/g"]);
    backend.files.get(`data/${big.slice(0, 2)}/${big}`)![4_000_000]! ^= 4;
    const damaged = await run();
    expect(codes(damaged).toSorted()).toEqual(["BAD_HASH", "BAD_MAC"]);
    expect(damaged.errors.find(({ code }) => code === "BAD_MAC")!.harm.paths).toEqual(["/f"]);
  });

  it("wrong bytes that come right the second time are a remark", async () => {
    const { data } = await sound();
    const read = backend.read.bind(backend);
    let lies = 1;
    backend.read = async (file, options) => {
      const bytes = await read(file, options);
      if (file.name === data && lies-- > 0) bytes[bytes.length - 30]! ^= 1;
      return bytes;
    };
    const result = await run();
    expect(result.errorCount).toBe(0);
    expect(result.remarks.map(({ code }) => code)).toEqual(["UNSTABLE_READ"]);
  });

  it("mixed and unindexed packs are remarks", async () => {
    const id = maker.data("text");
    const tree = maker.tree([fileNode("f", [id], 4)]);
    await maker.flush();
    await maker.snapshot(tree);
    maker.data("left over");
    await maker.pack({ unindexed: true });
    const result = await run();
    expect(result.errorCount).toBe(0);
    expect(result.remarks.map(({ code }) => code).toSorted()).toEqual([
      "MIXED_PACK",
      "UNINDEXED_PACK",
    ]);
    expect(result.suggestPrune).toBe(true);
  });
});

describe("every file", () => {
  it.each<[string, (bytes: Uint8Array) => Uint8Array | undefined]>([
    ["flipped first byte", (b) => b.with(0, b[0]! ^ 1)],
    ["flipped middle byte", (b) => b.with(b.length >> 1, b[b.length >> 1]! ^ 1)],
    ["flipped last byte", (b) => b.with(-1, b.at(-1)! ^ 0x80)],
    ["cut by a byte", (b) => b.slice(0, -1)],
    ["cut to half", (b) => b.slice(0, b.length >> 1)],
    ["emptied", () => new Uint8Array(0)],
    ["longer by a byte", (b) => new Uint8Array([...b, 0])],
    ["removed", () => undefined],
  ])("%s is found and named", async (_how, damage) => {
    await sound();
    let cases = 0;
    for (const [path, bytes] of Array.from(backend.files)) {
      const damaged = damage(bytes);
      // Nothing in the storage tells that a snapshot or an index was there once.
      if (damaged === undefined && /snapshots/.test(path)) continue;
      cases++;
      if (damaged) backend.files.set(path, damaged);
      else backend.files.delete(path);
      const result = await run();
      expect(result.errorCount, path).toBeGreaterThan(0);
      const name = path.slice(path.lastIndexOf("/") + 1);
      const named = result.errors.some(({ object }) => object.id === name);
      if (damaged) expect(named, path).toBe(true);
      backend.files.set(path, bytes);
    }
    expect(cases).toBeGreaterThanOrEqual(5);
    expect((await run()).errorCount).toBe(0);
  });

  it("swapped with a sibling is found and named", async () => {
    await sound();
    for (const folder of ["data/", "snapshots/"]) {
      const [a, b] = [...backend.files.keys()].filter((path) => path.startsWith(folder));
      const [bytesA, bytesB] = [backend.files.get(a!)!, backend.files.get(b!)!];
      backend.files.set(a!, bytesB);
      backend.files.set(b!, bytesA);
      expect((await run()).errorCount).toBeGreaterThanOrEqual(2);
      backend.files.set(a!, bytesA);
      backend.files.set(b!, bytesB);
    }
  });
});
