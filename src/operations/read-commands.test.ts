import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { catObject } from "#operations/cat.ts";
import { initRepository } from "#operations/init.ts";
import { addKey, changePassword, listKeys, removeKey } from "#operations/keys.ts";
import { indexedPacks, listBlobs, listFiles } from "#operations/list.ts";
import { listTree, type LsOptions } from "#operations/ls.ts";
import { computeStats, type StatsMode } from "#operations/stats.ts";
import { loadIndex } from "#repository/load-index.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import {
  fileNode,
  folderNode,
  HOSTILE_PASSWORD,
  HostileRepository,
} from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
const owner = { username: "u", hostname: "h" };
let backend: MemoryBackend;
let maker: HostileRepository;
let root: Uint8Array;
let pack: string;

/** `/a` (hard link of `/d/link`), `/d/b`, `/d/e/c`; `b` and `c` have equal content. */
beforeEach(async () => {
  backend = new MemoryBackend();
  maker = await HostileRepository.create(backend, primitives);
  const one = maker.data("0123456789".repeat(10), { compress: true });
  const two = maker.data("xyz");
  const linked = { links: 2, inode: 7, device_id: 1 };
  pack = await maker.pack();
  const e = maker.tree([fileNode("c.txt", [one, two], 103, { mtime: "2020-01-01T00:00:00Z" })]);
  const d = maker.tree([
    fileNode("b.zip", [one, two], 103),
    folderNode("e", e),
    fileNode("link", [two], 3, linked),
  ]);
  root = maker.tree([fileNode("a", [two], 3, linked), folderNode("d", d)]);
  await maker.pack();
  await maker.index();
  await maker.snapshot(root);
  await loadIndex(maker.repo);
});

describe("ls", () => {
  const ls = async (options?: LsOptions): Promise<string[]> => {
    const paths: string[] = [];
    for await (const { path } of listTree(maker.repo, root, options)) paths.push(fromUtf8(path));
    return paths;
  };
  const everything = ["/a", "/d", "/d/b.zip", "/d/e", "/d/e/c.txt", "/d/link"];

  it("lists everything in tree order", async () => {
    expect(await ls()).toEqual(everything);
  });

  it("limits itself to paths, one level deep unless recursive", async () => {
    expect(await ls({ paths: ["/d"] })).toEqual(["/d", "/d/b.zip", "/d/e", "/d/link"]);
    expect(await ls({ paths: ["/d/e/"] })).toEqual(["/d/e", "/d/e/c.txt"]);
    expect(await ls({ paths: ["/d"], recursive: true })).toEqual(everything.slice(1));
    expect(await ls({ paths: ["/none"] })).toEqual([]);
  });

  it("sorts", async () => {
    expect((await ls({ sort: "mtime" }))[0]).toBe("/d/e/c.txt");
    expect((await ls({ sort: "size", reverse: true })).slice(0, 2)).toEqual([
      "/d/e/c.txt",
      "/d/b.zip",
    ]);
    expect((await ls({ sort: "extension" })).slice(-2)).toEqual(["/d/e/c.txt", "/d/b.zip"]);
    expect(await ls({ reverse: true })).toEqual(everything.toReversed());
  });
});

describe("stats", () => {
  const stats = async (mode: StatsMode) => {
    const { snapshots } = await loadSnapshots(maker.repo);
    return computeStats(maker.repo, snapshots, mode);
  };

  it("counts a hard link's bytes once a snapshot, and each path", async () => {
    const once = { totalSize: 209, totalFileCount: 6, snapshotsCount: 1 };
    expect(await stats("restore-size")).toEqual(once);
    const time = { seconds: 5, nanos: 0, offsetMinutes: 0 };
    await maker.snapshot(root, { time });
    const twice = { totalSize: 418, totalFileCount: 12, snapshotsCount: 2 };
    expect(await stats("restore-size")).toEqual(twice);
  });

  it("counts equal files, and their blobs, once", async () => {
    expect(await stats("files-by-contents")).toMatchObject({ totalSize: 106, totalFileCount: 2 });
    const blobs = { totalSize: 106, totalFileCount: 2, totalBlobCount: 3 };
    expect(await stats("blobs-per-file")).toMatchObject(blobs);
  });

  it("counts blobs as they are stored", async () => {
    const raw = await stats("raw-data");
    let stored = 0;
    maker.repo.index.forEach((_type, _id, { length }) => void (stored += length));
    expect(raw).toMatchObject({ totalSize: stored, totalBlobCount: 5 });
    expect(raw.compressionRatio).toBeGreaterThan(1);
    expect(raw.compressionProgress).toBeLessThan(100);
  });

  it("ends soon where 81 trees unfold to 2^40 paths", async () => {
    let tree = maker.tree([fileNode("f", [], 0)]);
    for (let i = 0; i < 40; i++) tree = maker.tree([folderNode("l", tree), folderNode("r", tree)]);
    await maker.flush();
    await maker.snapshot(tree);
    const repo = maker.reopen();
    await loadIndex(repo);
    const { snapshots } = await loadSnapshots(repo);
    expect((await computeStats(repo, snapshots, "restore-size")).totalFileCount).toBeGreaterThan(
      2 ** 40,
    );
  });
});

describe("list and cat", () => {
  const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const item of items) all.push(item);
    return all;
  };
  const text = async (
    ...args: Parameters<typeof catObject> extends [unknown, ...infer R] ? R : never
  ) => fromUtf8((await catObject(maker.repo, ...args)).bytes);

  it("lists files, blobs and packs", async () => {
    expect(await collect(listFiles(maker.repo, "snapshot"))).toHaveLength(1);
    const blobs = await collect(listBlobs(maker.repo));
    expect(blobs.filter(({ type }) => type === "data")).toHaveLength(2);
    expect(indexedPacks(maker.repo)).toContain(pack);
  });

  it("prints every kind of object", async () => {
    const [snapshot] = await collect(listFiles(maker.repo, "snapshot"));
    const [index] = await collect(listFiles(maker.repo, "index"));
    expect(await text("masterkey")).toMatch(/^\{"mac":/);
    expect(await text("config")).toContain('"version":2');
    expect(await text("snapshot", snapshot!.slice(0, 8))).toContain(toHex(root));
    expect(await text("index", index!)).toContain(pack);
    expect(await text("key", maker.repo.keyId.slice(0, 6))).toContain('"kdf":"scrypt"');
    expect(await text("tree", "latest:d/e")).toContain("c.txt");
    expect(await text("blob", toHex(root))).toContain('"name":"a"');
    const raw = await catObject(maker.repo, "pack", pack);
    expect(raw.damage).toBeUndefined();
    expect(toHex(primitives.crypto.sha256(raw.bytes))).toBe(pack);
  });

  it("gives a damaged pack with its damage", async () => {
    backend.files.get(`data/${pack.slice(0, 2)}/${pack}`)![0]! ^= 1;
    expect((await catObject(maker.repo, "pack", pack)).damage).toMatchObject({ code: "BAD_HASH" });
  });

  it.each([
    ["blob", "abc", "BAD_OPTION"],
    ["blob", "0".repeat(64), "MISSING_BLOB"],
    ["snapshot", "zzz", "UNKNOWN_SNAPSHOT"],
    ["index", "", "BAD_OPTION"],
    ["tree", "latest:d/b.zip", "PATH_NOT_FOUND"],
  ] as const)("refuses %s %j", async (type, id, code) => {
    await expect(catObject(maker.repo, type, id)).rejects.toMatchObject({ code });
  });
});

describe("init and key", () => {
  const init = () =>
    initRepository(backend, primitives, {
      password: HOSTILE_PASSWORD,
      owner,
      cost: { N: 2, r: 1, p: 1 },
    });

  it("refuses a place with a config, a key or a snapshot", async () => {
    await expect(init()).rejects.toMatchObject({ code: "REPOSITORY_EXISTS" });
    backend.files.delete("config");
    await expect(init()).rejects.toThrow(/already holds key/);
    for (const path of backend.files.keys())
      if (path.startsWith("keys/")) backend.files.delete(path);
    await expect(init()).rejects.toThrow(/already holds snapshot/);
  });

  it("leaves no key behind when the config cannot be written", async () => {
    backend.files.clear();
    const write = backend.write.bind(backend);
    backend.write = async (file, parts) => {
      if (file.type === "config") throw new Error("power cut");
      await write(file, parts);
    };
    await expect(init()).rejects.toThrow("power cut");
    expect(backend.files.size).toBe(0);
  });

  it("writes the key before the config", async () => {
    backend.files.clear();
    await init();
    expect([...backend.files.keys()].map((path) => path.slice(0, 4))).toEqual(["keys", "conf"]);
  });

  it("lists, adds, removes and changes", async () => {
    const { repo } = maker;
    const added = await addKey(repo, utf8("second"), owner);
    const rows = await listKeys(repo);
    expect(rows.filter(({ current }) => current).map(({ id }) => id)).toEqual([repo.keyId]);
    expect(await removeKey(repo, added.slice(0, 40))).toBe(added);
    await expect(removeKey(repo, repo.keyId)).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(removeKey(repo, "none")).rejects.toMatchObject({ code: "BAD_OPTION" });
    const changed = await changePassword(repo, utf8("new"), owner);
    expect((await listKeys(repo)).map(({ id }) => id)).toEqual([changed]);
  });
});
