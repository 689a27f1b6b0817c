import { beforeEach, describe, expect, it } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { idToBytes } from "#format/id.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import {
  chooseParent,
  groupSnapshots,
  latestPerGroup,
  matchesFilter,
} from "#repository/snapshot-filter.ts";
import { loadIndex } from "#repository/load-index.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";
import { loadSnapshots, saveSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";
import { fileNode, folderNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

let backend: MemoryBackend;
let maker: HostileRepository;
let tree: Uint8Array;

beforeEach(async () => {
  backend = new MemoryBackend();
  const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
  maker = await HostileRepository.create(backend, primitives);
  tree = maker.tree([folderNode("d", maker.tree([fileNode("f", [], 0)]))]);
  await maker.flush();
});

const at = (seconds: number) => ({ time: { seconds, nanos: 0, offsetMinutes: 60 } });

async function all(): Promise<StoredSnapshot[]> {
  return (await loadSnapshots(maker.repo)).snapshots;
}

describe("loading", () => {
  it("gives snapshots oldest first and keeps what it saves", async () => {
    const second = await maker.snapshot(tree, { ...at(20), extra: [["label", '"x"']] });
    const first = await maker.snapshot(tree, at(10));
    const loaded = await all();
    expect(loaded.map(({ id }) => id)).toEqual([first, second]);
    const { id: _id, ...fields } = loaded[1]!;
    await backend.remove({ type: "snapshot", name: second });
    const saved = await saveSnapshot(maker.repo, fields);
    expect((await all()).find(({ id }) => id === saved)).toEqual({ ...fields, id: saved });
  });

  it("reports what it cannot decode", async () => {
    await maker.snapshot(tree);
    const bad = await maker.rawSnapshot('{"time":"never"}');
    const { snapshots, broken } = await loadSnapshots(maker.repo);
    expect(snapshots).toHaveLength(1);
    expect(broken).toMatchObject([{ id: bad, error: { code: "BAD_FORMAT" } }]);
  });
});

describe("finding", () => {
  it("finds by id, prefix, latest and latest~N", async () => {
    const ids = [];
    for (const seconds of [10, 20, 30]) ids.push(await maker.snapshot(tree, at(seconds)));
    const find = async (text: string) => (await findSnapshot(maker.repo, text)).snapshot.id;
    expect(await find(ids[0]!)).toBe(ids[0]);
    expect(await find(ids[1]!.slice(0, 20))).toBe(ids[1]);
    expect(await find("latest")).toBe(ids[2]);
    expect(await find("latest~2")).toBe(ids[0]);
    await expect(find("latest~3")).rejects.toMatchObject({ code: "UNKNOWN_SNAPSHOT" });
    await expect(find("zz")).rejects.toMatchObject({ code: "UNKNOWN_SNAPSHOT" });
    await expect(find("f".repeat(64))).rejects.toMatchObject({ code: "UNKNOWN_SNAPSHOT" });
  });

  it("refuses a prefix of two", async () => {
    for (let i = 0; i < 17; i++) await maker.snapshot(tree, at(i));
    const ids = (await all()).map(({ id }) => id[0]!);
    const twice = ids.find((digit, i) => ids.indexOf(digit) !== i)!;
    await expect(findSnapshot(maker.repo, twice)).rejects.toMatchObject({ code: "AMBIGUOUS_ID" });
  });

  it("takes latest among those that match", async () => {
    const one = await maker.snapshot(tree, { ...at(10), hostname: "one" });
    await maker.snapshot(tree, { ...at(20), hostname: "two" });
    const found = await findSnapshot(maker.repo, "latest", { hosts: ["one"] });
    expect(found.snapshot.id).toBe(one);
  });

  it("follows a subfolder, and nothing else", async () => {
    expect(parseSnapshotReference("latest:/d/")).toEqual({ snapshot: "latest", folder: "d" });
    expect(parseSnapshotReference("abc")).toEqual({ snapshot: "abc", folder: "" });
    const snapshot = await maker.snapshot(tree);
    const loaded = (await findSnapshot(maker.repo, snapshot)).snapshot;
    const root = idToBytes(loaded.tree);
    await loadIndex(maker.repo);
    expect(await treeOfFolder(maker.repo, root, "")).toEqual(root);
    expect(await treeOfFolder(maker.repo, root, "d")).not.toEqual(root);
    for (const path of ["x", "d/f", "d/f/g"]) {
      const attempt = treeOfFolder(maker.repo, root, path);
      await expect(attempt).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
    }
  });
});

describe("filters, groups and parents", () => {
  const make = (fields: Partial<StoredSnapshot>): StoredSnapshot =>
    ({ ...at(0), hostname: "h", paths: ["/a"], tags: [], id: "0", ...fields }) as StoredSnapshot;

  it("joins hosts by or, paths by and, tags in lists", () => {
    const snapshot = make({ paths: ["/a", "/b"], tags: ["x", "y"] });
    expect(matchesFilter(snapshot, {})).toBe(true);
    expect(matchesFilter(snapshot, { hosts: ["g", "h"] })).toBe(true);
    expect(matchesFilter(snapshot, { hosts: ["g"] })).toBe(false);
    expect(matchesFilter(snapshot, { paths: ["/b"] })).toBe(true);
    expect(matchesFilter(snapshot, { paths: ["/b", "/c"] })).toBe(false);
    expect(matchesFilter(snapshot, { tags: [["z"], ["x", "y"]] })).toBe(true);
    expect(matchesFilter(snapshot, { tags: [["x", "z"]] })).toBe(false);
    expect(matchesFilter(snapshot, { tags: [[""]] })).toBe(false);
    expect(matchesFilter(make({}), { tags: [[""]] })).toBe(true);
  });

  it("groups with restic's keys", () => {
    const list = [
      make({ paths: ["/b", "/a"] }),
      make({ paths: ["/a", "/b"] }),
      make({ hostname: "g" }),
    ];
    const groups = groupSnapshots(list, { host: true, paths: true, tags: false });
    expect(groups.map(({ key }) => key)).toEqual([
      { hostname: "g", paths: ["/a"], tags: null },
      { hostname: "h", paths: ["/a", "/b"], tags: null },
    ]);
    expect(latestPerGroup(list, 1)).toHaveLength(2);
    const none = groupSnapshots(list, { host: false, paths: false, tags: false });
    expect(none[0]!.key).toEqual({ hostname: "", paths: null, tags: null });
  });

  it("chooses the newest parent of the group that is not later", () => {
    const list = [
      make({ ...at(10), id: "1" as never }),
      make({ ...at(20), id: "2" as never, paths: ["/a", "/b"] }),
      make({ ...at(30), id: "3" as never, hostname: "g" }),
      make({ ...at(99), id: "4" as never }),
    ];
    const notAfter = { seconds: 50, nanos: 0 };
    expect(chooseParent(list, { host: "h", paths: ["/a"], notAfter })!.id).toBe("2");
    expect(chooseParent(list, { notAfter })!.id).toBe("3");
    expect(chooseParent(list, { host: "h", paths: ["/b", "/c"], notAfter })).toBeUndefined();
  });
});
