import { expect, test } from "vitest";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import type { SourceFile } from "#platform/source-tree.ts";
import { fileOf, folderOf, noiseContent, symlinkTo } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";

function make(): MemorySource {
  return new MemorySource(
    folderOf({
      home: folderOf({
        "a.txt": fileOf("hello world"),
        link: symlinkTo("a.txt"),
        pipe: { type: "fifo" },
        null: { type: "chardev", device: 259n, permissions: 0o666 },
      }),
    }),
  );
}

function readAll(file: SourceFile, step = 4): string {
  const into = new Uint8Array(100);
  let total = 0;
  for (;;) {
    const count = file.read(into, total, step);
    if (count === 0) break;
    total += count;
  }
  file.close();
  return fromUtf8(into.subarray(0, total));
}

const A = utf8("/home/a.txt");

test("metadata is the same in every run", () => {
  expect(make().lstat(A)).toEqual(make().lstat(A));
  expect(make().lstat(A)).toMatchObject({ type: "file", size: 11, inode: 3n, links: 1n });
  expect(make().lstat(utf8("/"))).toMatchObject({ type: "dir", inode: 1n, links: 0n });
  expect(make().lstat(utf8("/home/null"))).toMatchObject({ mode: 69206454, device: 259n });
});

test("lists, opens and reads", () => {
  const source = make();
  expect(source.list(utf8("/home")).map(fromUtf8)).toEqual(["a.txt", "link", "pipe", "null"]);
  expect(readAll(source.open(A))).toBe("hello world");
  expect(source.openFiles).toBe(0);
  expect(() => source.open(utf8("/home/link"))).toThrow(/^ENOTREG/);
  expect(() => source.lstat(utf8("/home/b"))).toThrow(/^ENOENT/);
  expect(() => source.list(A)).toThrow(/^ENOTDIR/);
});

test("a failure strikes at its call and its byte", () => {
  const source = make();
  source.fail({ call: "read", path: "/home/a.txt", atByte: 6 }, "EIO");
  const file = source.open(A);
  const into = new Uint8Array(20);
  expect(file.read(into, 0, 20)).toBe(6);
  expect(() => file.read(into, 6, 14)).toThrow(/^EIO/);
  source.clearEvents();
  expect(file.read(into, 6, 14)).toBe(5);
  source.fail({ call: "list", path: "/home", always: false }, "EACCES");
  expect(() => source.list(utf8("/home"))).toThrow(/^EACCES/);
  expect(source.list(utf8("/home"))).toHaveLength(4);
});

test("a file may be replaced by a FIFO between lstat and open", () => {
  const source = make();
  source.before({ call: "open", path: "/home/a.txt" }, () => {
    source.put("/home/a.txt", { type: "fifo" });
  });
  expect(source.lstat(A).type).toBe("file");
  expect(() => source.open(A)).toThrow(/^ENOTREG/);
});

test("a file may grow, shrink and change while it is read", () => {
  const source = make();
  source.before({ call: "read", path: "/home/a.txt", atByte: 5 }, () => {
    source.write("/home/a.txt", "HELLO, larger world", { keepMtime: true });
  });
  const before = source.lstat(A);
  expect(readAll(source.open(A), 20)).toBe("hello, larger world");
  const after = source.lstat(A);
  expect(after.mtime).toEqual(before.mtime);
  expect(after.ctime).not.toEqual(before.ctime);
  source.before({ call: "read", path: "/home/a.txt", atByte: 8 }, () => {
    source.write("/home/a.txt", "tiny");
  });
  expect(readAll(source.open(A), 20)).toBe("HELLO, l");
});

test("hard links share an inode; noise is the same however it is read", () => {
  const source = make();
  source.link("/home/a.txt", "/b");
  expect(source.lstat(utf8("/b"))).toMatchObject({ inode: 3n, links: 2n });
  const noise = noiseContent(1000, 7);
  const whole = new Uint8Array(1000);
  noise.read(0, whole, 0, 1000);
  const parts = new Uint8Array(1000);
  for (let at = 0; at < 1000; at += 37) noise.read(at, parts, at, Math.min(37, 1000 - at));
  expect(parts).toEqual(whole);
});
