import { closeSync, lstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Worker } from "node:worker_threads";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import { accountFiles } from "#platform/node/posix-accounts.ts";
import { posixCalls } from "#platform/node/posix-calls.ts";

const calls = posixCalls()!;
const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, SEEK_DATA, SEEK_HOLE } = calls.constants;
const root = mkdtempSync(join(tmpdir(), "coffer-calls-"));
const folder = openSync(root, "r");
afterAll(() => {
  closeSync(folder);
  rmSync(root, { recursive: true });
});
const code = (name: string): unknown => expect.objectContaining({ code: name });

test("names are made, moved, linked and removed relative to a folder", () => {
  calls.mkdirat(folder, utf8("d"), 0o700);
  expect(() => calls.mkdirat(folder, utf8("d"), 0o700)).toThrow(code("EEXIST"));
  const inner = calls.openat(folder, utf8("d"), 0);
  const fd = calls.openat(inner, utf8("f"), 0o102, 0o600);
  calls.close(fd);
  expect(() => calls.close(fd)).toThrow(code("EBADF"));
  calls.linkat(inner, utf8("f"), folder, utf8("g"));
  calls.symlinkat(Uint8Array.of(0xff, 0x61), folder, utf8("s"));
  const target = new Uint8Array(100);
  expect(calls.readlinkat(folder, utf8("s"), target)).toBe(2);
  expect(target[0]).toBe(0xff);
  calls.renameat(folder, utf8("g"), inner, utf8("h"));
  expect(lstatSync(join(root, "d/h")).nlink).toBe(2);
  calls.fchmodat(inner, utf8("h"), 0o4711);
  expect(lstatSync(join(root, "d/f")).mode & 0o7777).toBe(0o4711);
  expect(() => calls.unlinkat(folder, utf8("d"), AT_REMOVEDIR)).toThrow(code("ENOTEMPTY"));
  calls.unlinkat(inner, utf8("f"), 0);
  calls.unlinkat(inner, utf8("h"), 0);
  calls.close(inner);
  calls.unlinkat(folder, utf8("d"), AT_REMOVEDIR);
  expect(() => calls.openat(folder, utf8("d"), 0)).toThrow(code("ENOENT"));
});

test("times are exact to the nanosecond, before 1970 too, for links and descriptors", () => {
  calls.symlinkat(utf8("nowhere"), folder, utf8("t"));
  const early = { seconds: -2, nanos: 999_999_999 };
  calls.utimensat(folder, utf8("t"), early, early, AT_SYMLINK_NOFOLLOW);
  expect(lstatSync(join(root, "t"), { bigint: true }).mtimeNs).toBe(-1_000_000_001n);
  const file = join(root, "u");
  writeFileSync(file, "");
  const fd = openSync(file, "r+");
  calls.futimens(fd, early, { seconds: 2 ** 33, nanos: 1 });
  closeSync(fd);
  expect(lstatSync(file, { bigint: true }).mtimeNs).toBe(8_589_934_592_000_000_001n);
});

test("attributes are set, listed, read and removed, by path and by descriptor", () => {
  const path = join(root, "x");
  writeFileSync(path, "");
  const raw = utf8(path);
  const fd = openSync(path, "r");
  const into = new Uint8Array(1000);
  expect(calls.llistxattr(raw, into)).toBe(0);
  expect(calls.lsetxattr(raw, utf8("user.a"), utf8("one"))).toBe(0);
  expect(calls.fsetxattr(fd, utf8("user.b"), new Uint8Array(0))).toBe(0);
  expect(fromUtf8(into.subarray(0, calls.flistxattr(fd, into)))).toBe("user.a\0user.b\0");
  expect(calls.fgetxattr(fd, utf8("user.a"), into)).toBe(3);
  expect(fromUtf8(into.subarray(0, 3))).toBe("one");
  expect(calls.lgetxattr(raw, utf8("user.b"), into)).toBe(0);
  expect(calls.lgetxattr(raw, utf8("user.a"), new Uint8Array(0))).toBe(3);
  expect(calls.lgetxattr(raw, utf8("user.a"), new Uint8Array(1))).toBe(-34);
  expect(calls.lremovexattr(raw, utf8("user.a"))).toBe(0);
  expect(calls.fremovexattr(fd, utf8("user.b"))).toBe(0);
  expect(calls.flistxattr(fd, into)).toBe(0);
  expect(calls.llistxattr(utf8(join(root, "none")), into)).toBe(-2);
  closeSync(fd);
});

test("FIFOs are made; holes are found", () => {
  calls.mknodat(folder, utf8("p"), 0o010600, 0n);
  expect(lstatSync(join(root, "p")).isFIFO()).toBe(true);
  const path = join(root, "holes");
  writeFileSync(path, "start");
  const fd = openSync(path, "r+");
  writeFileSync(fd, "x");
  expect(calls.lseek(fd, 0, SEEK_DATA)).toBe(0);
  expect(calls.lseek(fd, 0, SEEK_HOLE)).toBe(5);
  expect(calls.lseek(fd, 5, SEEK_DATA)).toBe(-1);
  closeSync(fd);
});

test("account names agree with Node, with the files, and are empty when unknown", () => {
  const me = userInfo();
  expect(calls.userName(me.uid)).toBe(me.username);
  expect(calls.userName(4_000_000_123)).toBe("");
  expect(calls.groupName(4_000_000_123)).toBe("");
  const files = accountFiles();
  for (const line of readFileSync("/etc/group", "utf8").trim().split("\n").slice(0, 20)) {
    const id = Number(line.split(":")[2]);
    expect(calls.groupName(id)).toBe(files.groupName(id));
  }
  expect(accountFiles("/nonexistent", "/nonexistent").userName(0)).toBe("");
});

test("owner of a link changes, not of its target", () => {
  if (process.getuid?.() !== 0) return;
  calls.symlinkat(utf8("x"), folder, utf8("owned"));
  calls.fchownat(folder, utf8("owned"), 7, 4_000_000_000, AT_SYMLINK_NOFOLLOW);
  expect(lstatSync(join(root, "owned"))).toMatchObject({ uid: 7, gid: 4_000_000_000 });
});

test("each thread has calls of its own, at the same time", async () => {
  const script = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(join(import.meta.dirname, "posix-calls.ts"))}).then((m) => {
      const calls = m.posixCalls();
      const into = new Uint8Array(300);
      let failures = 0;
      for (let i = 0; i < 20000; i++) {
        calls.statx(-100, new TextEncoder().encode("/"), 0, into);
        if (calls.llistxattr(new TextEncoder().encode("/nowhere"), into) !== -2) failures++;
      }
      parentPort.postMessage(failures);
    });`;
  const runs = Array.from({ length: 3 }, () => {
    const worker = new Worker(script, { eval: true });
    return new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
  });
  expect(await Promise.all(runs)).toEqual([0, 0, 0]);
  expect(() => calls.openat(AT_FDCWD, utf8("/nowhere"), 0)).toThrow(namedCode("ENOENT"));
});

function namedCode(name: string): unknown {
  return expect.objectContaining({ code: name, errno: -2, syscall: "open", path: "/nowhere" });
}
