import { beforeEach, describe, expect, test } from "vitest";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import { randomBelow } from "#base/random.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { diffLive } from "#operations/diff/diff-live.ts";
import { diffTrees } from "#operations/diff/diff.ts";
import type { DiffEvent, DiffStats } from "#operations/diff/diff-types.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import { fileOf, folderOf, noiseContent, symlinkTo } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { rootOf, SnapshotMaker } from "#testkit/snapshot-maker.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
let maker: SnapshotMaker;
let source: MemorySource;

beforeEach(async () => {
  maker = await SnapshotMaker.create(primitives);
  source = new MemorySource(
    folderOf({
      home: folderOf({
        a: fileOf("alpha"),
        big: fileOf(noiseContent(3_000_000, 1)),
        d: folderOf({ deep: folderOf({ x: fileOf("x"), y: fileOf("y") }), z: fileOf("zz") }),
        l: symlinkTo("a"),
        same: folderOf({ copy: fileOf("alpha"), other: fileOf("o") }),
      }),
    }),
  );
});

function collector() {
  const lines: string[] = [];
  const progress = (event: DiffEvent): void => {
    const sign = event.kind === "change" ? event.modifier : `error ${event.message}`;
    lines.push(`${sign} ${fromUtf8(event.path)}`);
  };
  return { lines, progress };
}

async function between(
  a: StoredSnapshot,
  b: StoredSnapshot,
  metadata = false,
): Promise<{ lines: string[]; stats: DiffStats }> {
  const { lines, progress } = collector();
  const repo = await maker.opened();
  const stats = await diffTrees(repo, rootOf(a), rootOf(b), { metadata }, { progress });
  return { lines, stats };
}

async function live(snapshot: StoredSnapshot, metadata = false) {
  const { lines, progress } = collector();
  const repo = await maker.opened();
  const tree = await treeOfFolder(repo, rootOf(snapshot), "home");
  const options = { tree, metadata, path: utf8("/home") };
  const stats = await diffLive(repo, source, options, { progress });
  return { lines, stats };
}

function changeAll(): void {
  source.write("/home/a", "other");
  source.remove("/home/l");
  source.put("/home/d/new", folderOf({ n: fileOf("nnn"), p: { type: "fifo" } }));
  source.put("/home/d/z", folderOf({}));
  source.write("/home/d/deep/x", "q", { keepMtime: true, keepCtime: true });
  source.setMeta("/home/d/deep/y", { uid: 7 });
}

const CHANGES = [
  "M /home/a",
  "M? /home/d/deep/x",
  "+ /home/d/new/",
  "+ /home/d/new/n",
  "+ /home/d/new/p",
  "T /home/d/z/",
  "- /home/l",
];

describe("two snapshots", () => {
  test("every kind of change, with counts", async () => {
    const a = await maker.snapshot(source);
    changeAll();
    const b = await maker.snapshot(source);
    const { lines, stats } = await between(a, b);
    expect(lines).toEqual(CHANGES);
    expect(stats).toMatchObject({
      changedFiles: 2,
      errors: 0,
      // Content "alpha" is still used by the equal folder `same`.
      added: { files: 1, dirs: 1, others: 1, dataBlobs: 3, treeBlobs: 6 },
      removed: { files: 0, dirs: 0, others: 1, dataBlobs: 2, treeBlobs: 4 },
    });
    expect(stats.removed.bytes).toBeGreaterThan(2);
  });

  test("metadata when asked for; content under the same times is suspicious", async () => {
    const a = await maker.snapshot(source);
    changeAll();
    const b = await maker.snapshot(source);
    const { lines } = await between(a, b, true);
    expect(lines.filter((line) => line.startsWith("U"))).toEqual([
      "U /home/",
      "U /home/d/",
      "U /home/d/deep/",
      "U /home/d/deep/y",
    ]);
  });

  test("a snapshot beside itself", async () => {
    const a = await maker.snapshot(source);
    const { lines, stats } = await between(a, a);
    expect(lines).toEqual([]);
    expect(stats.added).toEqual(stats.removed);
    expect(stats.added.treeBlobs).toBe(0);
  });

  test("is the mirror image of the opposite direction, for random changes", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed);
      const below = (n: number): number => randomBelow(random, n);
      const before = await maker.snapshot(source);
      for (let i = 0; i < 6; i++) {
        const path = `/home/${["a", "n1", "n2", "d/q", "same/r"][below(5)]!}`;
        const kind = below(3);
        if (kind === 0) source.put(path, folderOf({ k: fileOf(`k${below(3)}`) }));
        else source.put(path, fileOf(`content ${below(4)}`));
      }
      const after = await maker.snapshot(source);
      const forth = await between(before, after);
      const back = await between(after, before);
      expect(forth.stats.added, `seed ${seed}`).toEqual(back.stats.removed);
      expect(forth.stats.removed, `seed ${seed}`).toEqual(back.stats.added);
      const mirrored = back.lines.map((line) =>
        line.replace(/^[+-]/, (sign) => (sign === "+" ? "-" : "+")),
      );
      const plain = (line: string): string => line.replace(/\/$/, "");
      expect(forth.lines.map(plain), `seed ${seed}`).toEqual(mirrored.map(plain));
    }
  });
});

describe("the live disk", () => {
  test("nothing differs right after a backup", async () => {
    const snapshot = await maker.snapshot(source);
    expect(await live(snapshot, true)).toMatchObject({ lines: [], stats: { errors: 0 } });
  });

  test("every kind of change, also content under an unchanged time", async () => {
    const snapshot = await maker.snapshot(source);
    changeAll();
    const { lines, stats } = await live(snapshot);
    expect(lines).toEqual(CHANGES);
    expect(stats).toMatchObject({
      changedFiles: 2,
      added: { files: 1, dirs: 1, others: 1, bytes: 3 },
      removed: { files: 0, others: 1 },
    });
    const metadata = await live(snapshot, true);
    expect(metadata.lines).toContain("U /home/d/deep/y");
  });

  test("files that cannot be read are named, and the rest is compared", async () => {
    const snapshot = await maker.snapshot(source);
    source.fail({ call: "open", path: "/home/a" }, "EACCES");
    source.write("/home/same/other", "O");
    const { lines, stats } = await live(snapshot);
    expect(stats.errors).toBe(1);
    expect(lines[0]).toMatch(/^error .*EACCES.* \/home\/a$/);
    expect(lines[1]).toBe("M /home/same/other");
    expect(source.openFiles).toBe(0);
  });

  test("a longer, a shorter and a late difference in a large file", async () => {
    const snapshot = await maker.snapshot(source);
    const changed = noiseContent(3_000_000, 1);
    source.write("/home/big", {
      size: 3_000_000,
      read(position, into, at, length) {
        changed.read(position, into, at, length);
        const last = 2_999_999 - position;
        if (last >= 0 && last < length) into[at + last]! ^= 1;
      },
    });
    expect((await live(snapshot)).lines).toEqual(["M /home/big"]);
    source.write("/home/big", noiseContent(3_000_001, 1));
    expect((await live(snapshot)).lines).toEqual(["M /home/big"]);
  });
});
