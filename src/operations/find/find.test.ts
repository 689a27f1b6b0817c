import { beforeAll, describe, expect, test } from "vitest";
import { fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { findObjects } from "#operations/find/find-objects.ts";
import type { FindEvent, FindOptions } from "#operations/find/find-types.ts";
import { findEntries } from "#operations/find/find.ts";
import { pathHistory, type PathVersion } from "#operations/history/history.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import { nodeAtPath } from "#repository/snapshot-path.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import { fileOf, folderOf, noiseContent, symlinkTo } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { rootOf, SnapshotMaker } from "#testkit/snapshot-maker.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
let maker: SnapshotMaker;
let repo: OpenedRepository;
const snapshots: StoredSnapshot[] = [];

beforeAll(async () => {
  maker = await SnapshotMaker.create(primitives);
  const source = new MemorySource(
    folderOf({
      home: folderOf({
        docs: folderOf({
          "Report.TXT": fileOf("one"),
          "notes.txt": fileOf("n"),
          deep: folderOf({ "more.txt": fileOf("m") }),
        }),
        "big.bin": fileOf(noiseContent(2_000_000, 3)),
        link: symlinkTo("big.bin"),
        still: folderOf({ quiet: fileOf("q") }),
      }),
    }),
  );
  const save = async () => {
    const time = { seconds: 1_760_000_000 + snapshots.length, nanos: 0 };
    snapshots.push(await maker.snapshot(source, { time }));
  };
  await save();
  source.write("/home/docs/notes.txt", "changed");
  await save();
  await save();
  source.remove("/home/docs/notes.txt");
  await save();
  source.put("/home/docs/notes.txt", folderOf({}));
  await save();
  source.setMeta("/home/docs/notes.txt", { uid: 5 });
  await save();
  repo = await maker.opened();
});

async function find(options: Partial<FindOptions>, among = snapshots): Promise<string[]> {
  const lines: string[] = [];
  const progress = (event: FindEvent): void => {
    const at = snapshots.indexOf(event.snapshot);
    lines.push(`${at} ${fromUtf8(event.path)}`);
  };
  await findEntries(repo, among, { patterns: ["*"], ignoreCase: false, ...options }, { progress });
  return lines;
}

describe("find", () => {
  test("by name, in every snapshot", async () => {
    expect(await find({ patterns: ["notes.txt"] })).toEqual([
      "0 /home/docs/notes.txt",
      "1 /home/docs/notes.txt",
      "2 /home/docs/notes.txt",
      "4 /home/docs/notes.txt",
      "5 /home/docs/notes.txt",
    ]);
  });

  test("below a folder that matches, by path, ignoring case", async () => {
    const first = snapshots.slice(0, 1);
    expect(await find({ patterns: ["deep"] }, first)).toEqual([
      "0 /home/docs/deep",
      "0 /home/docs/deep/more.txt",
    ]);
    expect(await find({ patterns: ["/home/*/Report.TXT"] }, first)).toHaveLength(1);
    expect(await find({ patterns: ["*.txt"], ignoreCase: true }, first)).toHaveLength(3);
    expect(await find({ patterns: ["*.txt"] }, first)).toHaveLength(2);
    expect(await find({ patterns: ["nothing"] })).toEqual([]);
    await expect(find({ patterns: ["["] })).rejects.toMatchObject({ code: "BAD_PATTERN" });
  });

  test("by size, type and time", async () => {
    const first = snapshots.slice(0, 1);
    expect(await find({ minSize: 1000 }, first)).toEqual(["0 /home/big.bin"]);
    expect(await find({ maxSize: 1, types: ["file"] }, first)).toHaveLength(3);
    expect(await find({ types: ["symlink"] }, first)).toEqual(["0 /home/link"]);
    const changed = { seconds: 1_700_000_001, nanos: 0 };
    const files: FindOptions["types"] = ["file"];
    expect(await find({ oldest: changed, types: files })).toEqual([
      "1 /home/docs/notes.txt",
      "2 /home/docs/notes.txt",
    ]);
    const before = { seconds: 1_700_000_000, nanos: 0 };
    expect(await find({ newest: before, patterns: ["notes.txt"] })).toHaveLength(1);
  });

  test("a folder without matches is read once for all snapshots", async () => {
    const fresh = await maker.opened();
    const loads = new Map<string, number>();
    const load = fresh.loadBlob.bind(fresh);
    fresh.loadBlob = (type, id, options) => {
      loads.set(toHex(id), (loads.get(toHex(id)) ?? 0) + 1);
      return load(type, id, options);
    };
    await findEntries(fresh, snapshots, { patterns: ["notes.txt"], ignoreCase: false });
    const { subtree } = await nodeAtPath(repo, rootOf(snapshots[0]!), "home/still");
    expect(loads.get(toHex(subtree!))).toBe(1);
  });
});

describe("find by id", () => {
  const objects = async (options: { blobs?: string[]; trees?: string[]; packs?: string[] }) => {
    const lines: string[] = [];
    const progress = (event: FindEvent): void => {
      lines.push(`${snapshots.indexOf(event.snapshot)} ${fromUtf8(event.path)}`);
    };
    const all = { blobs: [], trees: [], packs: [], ...options };
    await findObjects(repo, snapshots, all, { progress });
    return lines;
  };

  test("blobs, trees, roots and packs", async () => {
    const { content } = await nodeAtPath(repo, rootOf(snapshots[0]!), "home/docs/Report.TXT");
    const blob = toHex(content!);
    expect(await objects({ blobs: [blob] })).toHaveLength(6);
    expect(await objects({ blobs: [blob.slice(0, 8)] })).toHaveLength(6);
    const { subtree } = await nodeAtPath(repo, rootOf(snapshots[0]!), "home/docs");
    expect(await objects({ trees: [toHex(subtree!)] })).toEqual(["0 /home/docs"]);
    expect(await objects({ trees: [snapshots[3]!.tree] })).toEqual(["3 /"]);
    const { pack } = repo.index.lookupAll("data", content!)[0]!;
    const inPack = await objects({ packs: [toHex(repo.index.packId(pack))] });
    expect(inPack).toContain("0 /home/docs/Report.TXT");
    await expect(objects({ packs: ["0".repeat(64)] })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(objects({ blobs: ["xyz"] })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});

describe("history", () => {
  const versions = async (path: string) => {
    const found: PathVersion[] = [];
    await pathHistory(repo, snapshots, path, {
      progress: (event) => event.kind === "version" && found.push(event),
    });
    return found.map(({ snapshot, count, change, node }) => {
      const at = snapshots.findIndex(({ id }) => id === snapshot.id);
      return `${at} x${count} ${change} ${node?.type ?? "-"}`;
    });
  };

  test("tells what changed, and joins snapshots with equal versions", async () => {
    expect(await versions("/home/docs/notes.txt")).toEqual([
      "0 x1 + file",
      "1 x2 M file",
      "3 x1 - -",
      "4 x1 + dir",
      "5 x1 U dir",
    ]);
    expect(await versions("/home/still/quiet")).toEqual(["0 x6 + file"]);
    expect(await versions("home/none")).toEqual([]);
    expect(await versions("/home/big.bin/no-folder")).toEqual([]);
  });
});

test("an unreadable folder is an event, and the search goes on", async () => {
  const { subtree } = await nodeAtPath(repo, rootOf(snapshots[0]!), "home/docs");
  const fresh = await maker.opened();
  const load = fresh.loadBlob.bind(fresh);
  fresh.loadBlob = async (type, id, options) => {
    const bytes = await load(type, id, options);
    return toHex(id) === toHex(subtree!) ? utf8("{") : bytes;
  };
  const options = { patterns: ["quiet"], ignoreCase: false };
  const result = await findEntries(fresh, snapshots.slice(0, 1), options);
  expect(result).toEqual({ found: 1, errors: 1 });
});
