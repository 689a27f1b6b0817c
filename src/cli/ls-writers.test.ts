import { expect, test } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { ncduWriter } from "#cli/ls-writers.ts";
import { nodeLine } from "#cli/node-line.ts";
import { createPrinter } from "#cli/printer.ts";
import { createFakeIo } from "#cli/testing/fake-io.ts";
import type { Node, NodeType } from "#format/node.ts";
import { parseTime } from "#format/time.ts";
import type { LsEntry } from "#operations/ls.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

const time = parseTime("2026-01-02T03:04:05Z")!;

function entry(path: string, type: NodeType, more: Partial<Node> = {}): LsEntry {
  const node: Node = {
    name: utf8(path.slice(path.lastIndexOf("/") + 1)),
    type,
    mode: 0o644,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 1,
    gid: 2,
    user: "",
    group: "",
    inode: 2n ** 63n,
    deviceId: 3n,
    size: type === "file" ? 700 : 0,
    links: 1n,
    xattrs: [],
    device: 0n,
    content: null,
    ...more,
  };
  return { path: utf8(path), depth: path.split("/").length - 2, node };
}

const SNAPSHOT: StoredSnapshot = {
  id: "ab".repeat(32) as never,
  time,
  tree: "cd".repeat(32) as never,
  paths: ["/"],
  hostname: "h",
  username: "u",
  uid: 0,
  gid: 0,
  excludes: [],
  tags: [],
  programVersion: "",
  extra: [],
};

test("ncdu's nesting closes every folder", () => {
  const io = createFakeIo({ clock: createFakeClock() });
  const writer = ncduWriter(createPrinter(io, { json: false, verbosity: 1 }));
  writer.start(SNAPSHOT);
  writer.entry(entry("/a", "dir"));
  writer.entry(entry("/a/b", "dir"));
  writer.entry(entry("/a/b/f", "file"));
  writer.entry(entry("/a/g", "file"));
  writer.entry(entry("/z", "symlink", { linkTarget: utf8("a") }));
  writer.end();
  const [major, minor, , root] = JSON.parse(io.out()) as [number, number, object, unknown[]];
  expect([major, minor]).toEqual([1, 2]);
  const names = (node: unknown): unknown =>
    Array.isArray(node) ? node.map(names) : (node as { name: string }).name;
  expect(names(root)).toEqual(["/", ["a", ["b", "f"], "g"], "z"]);
  expect(io.out()).toContain('"ino":9223372036854775808');
  expect(io.out()).toContain('"asize":700,"dsize":1024');
});

test("long lines", () => {
  const options = { long: true, human: false, clock: createFakeClock() };
  expect(nodeLine(entry("/a", "file"), options)).toBe(
    "-rw-r--r--     1     2    700 2026-01-02 03:04:05 /a",
  );
  expect(nodeLine(entry("/l", "symlink", { linkTarget: utf8("x\n") }), options)).toBe(
    'Lrw-r--r--     1     2      0 2026-01-02 03:04:05 /l -> "x\\n"',
  );
  const human = { ...options, human: true };
  expect(nodeLine(entry("/a", "file", { size: 2048 }), human)).toContain("2.000 KiB");
  expect(nodeLine(entry("/a", "file"), { ...options, long: false })).toBe("/a");
});
