/**
 * Repositories that pass authentication and lie: names that lead outside, sizes that are not true,
 * bombs, nonsense. The real program, with little memory, finds the lie and writes nothing outside.
 */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  fileNode,
  folderNode,
  type HostileRepository,
  type NodeFields,
} from "#testkit/hostile-repository.ts";
import { say } from "../say.ts";
import { HostileWorkspace } from "./hostile-programs.ts";
import { blocksFor, zeroFrame } from "./zstd-bomb.ts";

let work: HostileWorkspace;
let tried = 0;

beforeEach(() => {
  work = new HostileWorkspace();
  tried++;
});
afterEach(() => {
  work.remove();
});
afterAll(() => {
  say(`hostile: ${tried} cases, highest memory ${HostileWorkspace.highestMb.toFixed(0)} MB`);
});

function textFile(made: HostileRepository, name: string, text: string): NodeFields {
  return fileNode(name, [made.data(text)], text.length);
}

function link(name: string, target: string): NodeFields {
  return { ...fileNode(name, [], 0), type: "symlink", linktarget: target, content: null };
}

/** Saves a snapshot of these nodes beside a sound file `zz-good`, indexed and ready. */
async function store(made: HostileRepository, nodes: readonly NodeFields[]): Promise<void> {
  const root = made.tree([...nodes, textFile(made, "zz-good", "good")]);
  await made.flush();
  await made.snapshot(root);
}

function expectGood(): void {
  expect(readFileSync(join(work.target, "zz-good"), "utf8")).toBe("good");
}

describe("names", () => {
  // Names are quoted twice in trees, so a zero byte is written \x00.
  test.each(["..", "../outside/x", "/abs", "a/b", ".", "", "nul\\x00x", "..\\x00"])(
    "%j is refused and the rest restored",
    async (name) => {
      const made = await work.create();
      await store(made, [textFile(made, name, "evil!")]);
      expect((await work.check()).status).toBe(1);
      const restored = await work.restore();
      expect(restored.status).toBe(1);
      expectGood();
      expect(readdirSync(work.target)).toEqual(["zz-good"]);
    },
  );

  test.each(["..", "a/b", "."])("a folder called %j is refused", async (name) => {
    const made = await work.create();
    const inner = made.tree([textFile(made, "secret", "evil!")]);
    await store(made, [folderNode(name, inner)]);
    expect((await work.check()).status).toBe(1);
    expect((await work.restore()).status).toBe(1);
    expectGood();
  });

  test("of terminal escapes are shown harmless", async () => {
    const made = await work.create();
    await store(made, [textFile(made, "\\x1b]0;evil\\x07", "x"), link("l", "\u001b[2J\u009b2J")]);
    for (const args of [["ls", "latest", "-l"], ["snapshots"], ["check"]]) {
      expect((await work.command(args)).status).toBe(0);
    }
    expect((await work.restore("-vv")).status).toBe(0);
  });
});

describe("entries of one name", () => {
  const outside = (): NodeFields => link("x", work.path("outside"));
  const cases: [string, (made: HostileRepository) => NodeFields[]][] = [
    [
      "link, then folder",
      (made) => [outside(), folderNode("x", made.tree([textFile(made, "secret", "evil!")]))],
    ],
    [
      "folder, then link",
      (made) => [folderNode("x", made.tree([textFile(made, "secret", "evil!")])), outside()],
    ],
    ["file, then link", (made) => [textFile(made, "x", "first"), outside()]],
    ["link, then file", (made) => [outside(), textFile(made, "x", "second")]],
  ];
  test.each(cases)("%s: an error, and the first wins", async (_, nodes) => {
    const made = await work.create();
    const [first, ...more] = nodes(made);
    await store(made, [first!, ...more]);
    expect((await work.check()).status).toBe(1);
    const restored = await work.restore();
    expect(restored.status).toBe(1);
    expectGood();
    const kept = lstatSync(join(work.target, "x"));
    expect(kept.isSymbolicLink()).toBe(first!["type"] === "symlink");
    expect(kept.isDirectory()).toBe(first!["type"] === "dir");
  });

  test("an unsorted tree is only a remark", async () => {
    const made = await work.create();
    await store(made, [textFile(made, "b", "b"), textFile(made, "a", "a")]);
    expect((await work.check("--read-data")).status).toBe(0);
    expect((await work.restore()).status).toBe(0);
    expect(readFileSync(join(work.target, "a"), "utf8")).toBe("a");
  });
});

describe("sizes", () => {
  test.each([10 ** 12, 7, 5, 0, 2 ** 53 - 1])("of %d for 6 bytes is refused", async (size) => {
    const made = await work.create();
    await store(made, [{ ...textFile(made, "liar", "6bytes"), size }]);
    expect((await work.check()).status).toBe(1);
    expect((await work.restore()).status).toBe(1);
    expectGood();
    const liar = join(work.target, "liar");
    if (existsSync(liar)) expect(lstatSync(liar).size).toBeLessThanOrEqual(6);
  });

  const GIB = 2 ** 30;
  test.each([
    ["honest length", GIB, GIB],
    ["lying length", 1000, GIB],
    ["length that the frame denies", GIB, 1000],
    ["both small", 1000, 1000],
  ])("a bomb of 1 GiB, %s", async (_, rawLength, declared) => {
    const made = await work.create();
    const frame = zeroFrame(blocksFor(GIB), declared);
    const id = zeroHash(GIB);
    const stored = made.repo.aead.seal(frame);
    made.blob("data", new Uint8Array(0), { id, stored, rawLength });
    await store(made, [fileNode("bomb", [id], rawLength)]);
    expect((await work.check("--read-data")).status).toBe(1);
    expect((await work.restore()).status).toBe(1);
    expectGood();
  });

  test("a tree that is a bomb", async () => {
    const made = await work.create();
    const id = zeroHash(GIB);
    const stored = made.repo.aead.seal(zeroFrame(blocksFor(GIB), GIB));
    made.blob("tree", new Uint8Array(0), { id, stored, rawLength: GIB });
    await store(made, [folderNode("bomb", id)]);
    expect((await work.check("--read-data")).status).toBe(1);
    expect((await work.restore()).status).toBe(1);
  });

  test("an index entry beyond the end of its pack is found without reading data", async () => {
    const made = await work.create();
    const file = textFile(made, "far", "far away");
    await made.pack({
      indexed: (pack) => ({
        ...pack,
        blobs: pack.blobs.map((blob) => ({ ...blob, offset: blob.offset + 10 ** 6 })),
      }),
    });
    await store(made, [file]);
    expect((await work.check()).status).toBe(1);
    expect((await work.restore()).status).toBe(1);
    expectGood();
  });
});

/** SHA-256 of so many zeros. */
function zeroHash(length: number): Uint8Array {
  const hash = createHash("sha256");
  const piece = new Uint8Array(1 << 20);
  for (let left = length; left > 0; left -= piece.length) hash.update(piece);
  return new Uint8Array(hash.digest());
}

describe("nonsense", () => {
  const cases: [string, (made: HostileRepository) => Promise<void>][] = [
    [
      "a blob under another's name",
      async (made) => {
        const id = made.data("wrong", { id: new Uint8Array(32).fill(7) });
        await store(made, [fileNode("x", [id], 5)]);
      },
    ],
    [
      "a folder whose tree is a data blob",
      async (made) => store(made, [folderNode("x", made.data("no tree"))]),
    ],
    ["nodes null", async (made) => store(made, [folderNode("x", made.rawTree('{"nodes":null}'))])],
    ["no JSON", async (made) => store(made, [folderNode("x", made.rawTree("no JSON at all"))])],
    [
      "JSON that ends early",
      async (made) => store(made, [folderNode("x", made.rawTree('{"nodes":[{"name":"a"'))]),
    ],
    [
      "a malformed time",
      async (made) => store(made, [{ ...textFile(made, "x", "x"), mtime: "yesterday" }]),
    ],
    [
      "a content that is no list",
      async (made) => store(made, [{ ...textFile(made, "x", "x"), content: "abc" }]),
    ],
    [
      "an unknown type",
      async (made) => store(made, [{ ...textFile(made, "x", "x"), type: "wormhole" }]),
    ],
    [
      "a blob that is not there",
      async (made) => store(made, [fileNode("x", [new Uint8Array(32).fill(9)], 9)]),
    ],
    [
      "a folder without a tree",
      async (made) => {
        const { subtree: _, ...rest } = folderNode("x", new Uint8Array(32));
        await store(made, [rest]);
      },
    ],
  ];
  test.each(cases)("%s is an error with a code", async (_, build) => {
    const made = await work.create();
    await build(made);
    // Whatever is named as damaged, restoring the sound rest must go on.
    const checked = await work.check("--read-data");
    const restored = await work.restore();
    expect([checked.status, restored.status]).toEqual([1, 1]);
  });

  test("snapshots that are nonsense are named, and no lock stays", async () => {
    const made = await work.create();
    await store(made, []);
    for (const json of ["{}", '{"tree":"xyz"}', '{"time":"2024-01-02T03:04:05Z"}', "[]", "null"]) {
      await made.rawSnapshot(json);
    }
    expect((await work.check()).status).toBe(1);
    expect((await work.command(["snapshots"])).status).toBe(1);
  });

  test("snapshots under each other's names", async () => {
    const made = await work.create();
    await store(made, []);
    await store(made, [textFile(made, "more", "more")]);
    const folder = join(work.repo, "snapshots");
    const [first, second] = readdirSync(folder).map((name) => join(folder, name));
    const [one, two] = [readFileSync(first!), readFileSync(second!)];
    writeFileSync(first!, two);
    writeFileSync(second!, one);
    expect((await work.check()).status).toBe(1);
    expect((await work.command(["snapshots"])).status).toBe(1);
  });

  test("a config of five bytes", async () => {
    await store(await work.create(), []);
    const path = join(work.repo, "config");
    writeFileSync(path, readFileSync(path).subarray(0, 5));
    expect((await work.check()).status).toBe(1);
    const restored = await work.restore();
    expect(restored.status).toBe(1);
    expect(restored.output).toContain("config");
  });

  test("a key that costs a gigabyte to open", async () => {
    await store(await work.create(), []);
    const folder = join(work.repo, "keys");
    const [name] = readdirSync(folder);
    const key = JSON.parse(readFileSync(join(folder, name!), "utf8")) as Record<string, unknown>;
    writeFileSync(join(folder, name!), JSON.stringify({ ...key, N: 2 ** 20, r: 8 }));
    expect((await work.restore()).status).toBe(1);
  });
});

describe("shapes", () => {
  test("folders 3,000 deep are sound and restored", async () => {
    const made = await work.create();
    let tree = made.tree([textFile(made, "bottom", "found")]);
    for (let i = 0; i < 3000; i++) tree = made.tree([folderNode("deeper", tree)]);
    await store(made, [folderNode("top", tree)]);
    expect((await work.check("--read-data")).status).toBe(0);
    expect((await work.restore("--verify")).status).toBe(0);
  });

  test("41 trees that span 2^40 paths", async () => {
    const made = await work.create();
    let tree = made.tree([textFile(made, "leaf", "leaf")]);
    for (let i = 0; i < 40; i++) tree = made.tree([folderNode("a", tree), folderNode("b", tree)]);
    await store(made, [folderNode("top", tree)]);
    expect((await work.check("--read-data")).status).toBe(0);
    await work.command(["stats", "--mode", "raw-data"]);
    await work.command(["stats"]);
    expect((await work.restore()).status).toBe(1);
  });
});
