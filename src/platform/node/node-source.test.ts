import { mkdtempSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concatBytes, fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import type { NodeMeta } from "#format/node.ts";
import { FolderReader } from "#platform/node/folder-reader.ts";
import { createNodeSource, type NodeSource } from "#platform/node/node-source.ts";
import { posixCalls, posixCallsProblem } from "#platform/node/posix-calls.ts";
import { permissionsOf } from "#platform/posix-mode.ts";
import { makeDeepTree, removeTree } from "#testkit/node/deep-tree.ts";
import { compareTrees, fingerprintTree, type EntryPrint } from "#testkit/node/fingerprint.ts";
import { makeOddTree } from "#testkit/node/odd-tree.ts";

const root = mkdtempSync(join(tmpdir(), "coffer-source-"));
const odd = join(root, "odd");
let skipped: readonly string[] = [];
beforeAll(() => {
  skipped = makeOddTree(odd, 7).skipped;
});
afterAll(() => removeTree(root));

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Walks with the source and states what it says in the words of the independent fingerprint. */
function printThrough(source: NodeSource): Map<string, Partial<EntryPrint>> {
  const found = new Map<string, Partial<EntryPrint>>();
  const linked = new Map<string, string>();
  const visit = (full: Uint8Array, path: string): void => {
    const meta = source.lstat(full);
    found.set(path, print(meta, path, linked));
    if (meta.type !== "dir") return;
    const names = source.list(full).toSorted((a, b) => (latin(a) < latin(b) ? -1 : 1));
    for (const name of names) {
      visit(
        concatBytes([full, utf8("/"), name]),
        path === "" ? latin(name) : `${path}/${latin(name)}`,
      );
    }
  };
  visit(utf8(odd), "");
  return found;
}

function print(meta: NodeMeta, path: string, linked: Map<string, string>): Partial<EntryPrint> {
  const first = meta.links > 1n ? (linked.get(String(meta.inode)) ?? path) : undefined;
  if (first !== undefined) linked.set(String(meta.inode), first);
  const escape = (name: Uint8Array): string =>
    latin(name).replaceAll(/[\n=\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return {
    type: meta.type,
    mode: permissionsOf(meta.mode).toString(8),
    uid: String(meta.uid),
    gid: String(meta.gid),
    mtimeNs: String(BigInt(meta.mtime.seconds) * 1_000_000_000n + BigInt(meta.mtime.nanos)),
    ...(meta.type === "file" && { size: String(meta.size) }),
    ...(meta.linkTarget && { target: latin(meta.linkTarget) }),
    ...(meta.device !== 0n && { rdev: String(meta.device) }),
    ...(first !== undefined && { linkedWith: first }),
    ...(meta.xattrs.length > 0 && {
      xattrs: meta.xattrs
        .map((x) => `${escape(x.name)}=0x${toHex(x.value)}`)
        .toSorted()
        .join("\n"),
    }),
  };
}

test("the native calls load here", () => {
  expect(posixCallsProblem()).toBeUndefined();
});

test("metadata equals an independent fingerprint, entry for entry", () => {
  const expected = fingerprintTree(odd);
  const source = createNodeSource();
  const actual = printThrough(source) as Map<string, EntryPrint>;
  expect(compareTrees(expected, actual, { ignore: ["sha256"] })).toEqual([]);
  expect(expected.size).toBeGreaterThan(400);
  const shown = [...expected.values()];
  for (const type of ["file", "dir", "symlink", "fifo"]) {
    expect(shown.some((entry) => entry.type === type)).toBe(true);
  }
  if (process.getuid?.() === 0) expect(skipped).toEqual([]);
});

test("without the native calls all but attributes is the same", () => {
  const expected = fingerprintTree(odd);
  const source = createNodeSource({ calls: undefined });
  const actual = printThrough(source) as Map<string, EntryPrint>;
  expect(compareTrees(expected, actual, { ignore: ["sha256", "xattrs"] })).toEqual([]);
});

test("both ways agree on every field", () => {
  const native = createNodeSource({ withAtime: true });
  const plain = createNodeSource({ withAtime: true, calls: undefined });
  const paths = ["/", "/dev/null", odd, "links/first", "links/loop", "times/year-1931"];
  for (const path of paths) {
    const raw = utf8(path.startsWith("/") ? path : join(odd, path));
    expect({ ...native.lstat(raw), xattrs: [] }).toEqual(plain.lstat(raw));
  }
  expect(native.lstat(utf8(odd))).toMatchObject({ user: plain.lstat(utf8(odd)).user, links: 0n });
});

test("atime equals mtime unless asked for", () => {
  const file = join(root, "atime");
  writeFileSync(file, "x");
  const { constants } = posixCalls()!;
  const [atime, mtime] = [
    { seconds: 5, nanos: 6 },
    { seconds: -7, nanos: 8 },
  ];
  posixCalls()!.utimensat(constants.AT_FDCWD, utf8(file), atime, mtime, 0);
  expect(createNodeSource().lstat(utf8(file))).toMatchObject({ atime: mtime, mtime });
  expect(createNodeSource({ withAtime: true }).lstat(utf8(file))).toMatchObject({ atime, mtime });
  createNodeSource().open(utf8(file)).close();
  expect(createNodeSource({ withAtime: true }).lstat(utf8(file)).atime).toEqual(atime);
});

test("attributes keep the system's order", () => {
  const file = utf8(join(odd, "attributes/several"));
  const list = new Uint8Array(65536);
  const length = posixCalls()!.llistxattr(file, list);
  const names = latin(list.subarray(0, length)).split("\0").slice(0, -1);
  expect(
    createNodeSource()
      .lstat(file)
      .xattrs.map((x) => latin(x.name)),
  ).toEqual(names);
  expect(
    createNodeSource()
      .open(file)
      .meta.xattrs.map((x) => latin(x.name)),
  ).toEqual(names);
});

describe("open", () => {
  const source = createNodeSource();
  const at = (name: string): Uint8Array => utf8(join(odd, name));

  test("reads bytes into the place asked for and stops at the end", () => {
    const file = source.open(at("links/first"));
    const into = new Uint8Array(30);
    expect(file.read(into, 3, 6)).toBe(6);
    expect(file.read(into, 9, 20)).toBe(12);
    expect(file.read(into, 0, 3)).toBe(0);
    expect(file.read(into, 0, 3, 7)).toBe(3);
    expect(fromUtf8(into.subarray(0, 3))).toBe("thr");
    expect(file.read(into, 0, 3)).toBe(0);
    expect(fromUtf8(into.subarray(3, 21))).toBe("linked three times");
    expect(file.meta).toEqual(source.lstat(at("links/first")));
    file.close();
    file.close();
    expect(file.meta.size).toBe(18);
    const unseen = source.open(at("links/first"));
    unseen.close();
    expect(() => unseen.meta).toThrow(/^EBADF/);
  });

  test("refuses what is no regular file, without blocking", async () => {
    const path = join(root, "socket");
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once("listening", resolve));
    for (const name of ["special/fifo", "special/null", "links/to-file", "folders", "links/loop"]) {
      if (name === "special/null" && process.getuid?.() !== 0) continue;
      expect(() => source.open(at(name))).toThrow(expect.objectContaining({ code: "ENOTREG" }));
    }
    expect(source.lstat(utf8(path)).type).toBe("socket");
    expect(() => source.open(utf8(path))).toThrow(/^ENOTREG/);
    server.close();
  });

  test("errors carry the system's code and the path", () => {
    for (const way of [source, createNodeSource({ calls: undefined })]) {
      for (const call of ["lstat", "open", "list"] as const) {
        expect(() => way[call](at("nothing"))).toThrow(
          expect.objectContaining({ code: "ENOENT", message: expect.stringContaining("nothing") }),
        );
      }
      expect(() => way.lstat(at("links/first/below"))).toThrow(/^ENOTDIR/);
      expect(() => way.list(at("links/to-folder"))).toThrow(/^(ENOTDIR|ELOOP)/);
    }
    expect(() => source.lstat(utf8("/a\0b"))).toThrow(/^EINVAL/);
    expect(() => source.lstat(at("n".repeat(256)))).toThrow(/^ENAMETOOLONG/);
  });
});

test("a folder that needs several calls is listed whole", () => {
  const many = utf8(join(odd, "folders/many"));
  const expected = Array.from({ length: 300 }, (_, i) => String(i)).toSorted();
  for (const reader of [
    new FolderReader(posixCalls(), 512),
    new FolderReader(posixCalls()),
    new FolderReader(undefined),
  ]) {
    expect(reader.list(many).map(fromUtf8).toSorted()).toEqual(expected);
  }
});

const LEVEL_NAME = "twenty-bytes-of-name";

describe.each([
  ["native", 5000, () => createNodeSource()],
  ["plain", 600, () => createNodeSource({ calls: undefined })],
])("a chain of folders beyond PATH_MAX, %s, %i levels", (way, levels, make) => {
  const top = join(root, `deep-${way}`);
  let bottom: Uint8Array;
  beforeAll(() => {
    bottom = makeDeepTree(top, levels, LEVEL_NAME);
  });

  test("is walked down and up with few descriptors and in little time", () => {
    const source = make();
    const started = performance.now();
    let path = utf8(top);
    for (let level = 0; level < levels; level++) {
      if (source.list(path).length !== 1) throw new Error(`wrong list at level ${level}`);
      path = concatBytes([path, utf8(`/${LEVEL_NAME}`)]);
      if (source.lstat(path).type !== "dir") throw new Error(`wrong type at level ${level}`);
    }
    expect(path).toEqual(bottom);
    const file = concatBytes([path, utf8("/bottom")]);
    expect(source.open(file).meta.size).toBe(0);
    expect(source.heldDescriptors).toBeGreaterThan(2);
    expect(source.heldDescriptors).toBeLessThanOrEqual(64);
    for (let level = levels; level > 0; level--) {
      path = path.subarray(0, path.lastIndexOf(0x2f));
      if (source.lstat(path).type !== "dir") throw new Error(`wrong type at level ${level}`);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
    source.close();
    expect(source.heldDescriptors).toBe(0);
    expect(source.lstat(file).type).toBe("file");
    source.close();
  });

  test("an error names the path that was asked for", () => {
    const source = make();
    const missing = concatBytes([bottom, utf8("/none")]);
    for (const call of ["lstat", "open", "list"] as const) {
      expect(() => source[call](missing)).toThrow(/^ENOENT.*none'$/);
    }
    source.close();
  });
});

test("a deep chain that was replaced is found again", () => {
  const top = join(root, "replaced");
  const source = createNodeSource();
  const file = concatBytes([makeDeepTree(top, 400, LEVEL_NAME), utf8("/bottom")]);
  const before = source.lstat(file);
  renameSync(top, `${top}-old`);
  removeTree(`${top}-old`);
  expect(() => source.lstat(file)).toThrow(/^ENOENT/);
  makeDeepTree(top, 400, LEVEL_NAME);
  expect(source.lstat(file).ctime).not.toEqual(before.ctime);
  source.close();
});

test("a link in a folder's place is refused, not followed", () => {
  symlinkSync("/", join(root, "link"));
  for (const source of [createNodeSource(), createNodeSource({ calls: undefined })]) {
    expect(() => source.list(utf8(join(root, "link")))).toThrow(/^(ENOTDIR|ELOOP)/);
  }
});
