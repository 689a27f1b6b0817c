import {
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { posixCalls } from "#platform/node/posix-calls.ts";
import { PROC_CALLS, restoreCalls } from "#platform/node/restore-calls.ts";
import { DescriptorFolder } from "#platform/node/restore-folder.ts";
import { PathFolder } from "#platform/node/restore-path-folder.ts";
import { openNodeTarget } from "#platform/node/restore-target.ts";
import { META_SHORTFALL, type EntryMeta, type TargetFolder } from "#platform/restore-target.ts";

const native = restoreCalls();
const root = process.geteuid?.() === 0;
let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "coffer-target-"));
  mkdirSync(join(base, "t"));
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "outside/secret"), "untouched");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function meta(fields: Partial<EntryMeta> = {}): EntryMeta {
  return {
    mode: 0o640,
    uid: process.geteuid!(),
    gid: process.getegid!(),
    mtimeSeconds: 1_000_000_000,
    mtimeNanos: 123_456_789,
    atimeSeconds: 1_000_000_001,
    atimeNanos: 1,
    xattrs: [],
    onlyTheseXattrs: true,
    ...fields,
  };
}

/** The system code that the call fails with. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
}

const ways: [string, () => TargetFolder, boolean][] = [
  ["paths", () => new PathFolder(Buffer.from(join(base, "t"))), false],
];
if (native !== undefined) {
  const open = (): number => openSync(join(base, "t"), constants.O_RDONLY);
  ways.push(["proc", () => new DescriptorFolder(open(), PROC_CALLS), false]);
}
if (native !== undefined && posixCalls() !== undefined) {
  ways.push([
    "native",
    () => openNodeTarget(join(base, "t")).openRoot(false) as TargetFolder,
    true,
  ]);
}

describe.each(ways)("a target by %s", (_way, open, exact) => {
  const at = (path: string): string => join(base, "t", path);

  it("makes folders and files and never over others", () => {
    const folder = open();
    void folder.makeFolder(utf8("d"));
    expect(lstatSync(at("d")).mode & 0o7777).toBe(0o700);
    expect(codeOf(() => folder.makeFolder(utf8("d")))).toBe("EEXIST");
    const inner = folder.openFolder(utf8("d")) as TargetFolder;
    const file = inner.createFile(utf8("f"));
    if (file instanceof Promise) throw new Error("synchronous under Node");
    void file.write(utf8("hello"), 0);
    void file.write(utf8("there"), 10);
    void file.applyMeta(meta());
    void file.close();
    expect(readFileSync(at("d/f"), "latin1")).toBe("hello\0\0\0\0\0there");
    const stat = lstatSync(at("d/f"), { bigint: true });
    expect(Number(stat.mode) & 0o7777).toBe(0o640);
    if (exact) expect(stat.mtimeNs).toBe(1_000_000_000_123_456_789n);
    else expect(Number(stat.mtimeNs - 1_000_000_000_123_456_789n)).toBeLessThan(1000);
    expect(codeOf(() => inner.createFile(utf8("f")))).toBe("EEXIST");
    void inner.applyMeta(meta({ mode: 0o751 }));
    expect(lstatSync(at("d")).mode & 0o7777).toBe(0o751);
    expect(inner.stat(utf8("f"))).toMatchObject({ type: "file", size: 15, links: 1 });
    expect(inner.stat(utf8("g"))).toBeUndefined();
    inner.close();
    folder.close();
  });

  it("follows no link, whoever planted it", () => {
    symlinkSync(join(base, "outside"), at("link"));
    symlinkSync(join(base, "outside/secret"), at("file"));
    symlinkSync(join(base, "outside/new"), at("dangling"));
    const folder = open();
    expect(["ELOOP", "ENOTDIR"]).toContain(codeOf(() => folder.openFolder(utf8("link"))));
    expect(codeOf(() => folder.createFile(utf8("dangling")))).toBe("EEXIST");
    expect(["ELOOP", "ENOTREG"]).toContain(codeOf(() => folder.openFile(utf8("file"), "write")));
    expect(codeOf(() => folder.makeFolder(utf8("dangling")))).toBe("EEXIST");
    void folder.applyEntryMeta(
      utf8("file"),
      "symlink",
      meta({ mode: 0o777, uid: root ? 12 : process.geteuid!() }),
    );
    void folder.removeFile(utf8("link"));
    folder.close();
    expect(readdirSync(join(base, "outside"))).toEqual(["secret"]);
    const secret = lstatSync(join(base, "outside/secret"));
    expect(secret.mtimeMs).toBeGreaterThan(1.1e12);
    expect(secret.uid).toBe(process.geteuid!());
    if (root) expect(lstatSync(at("file")).uid).toBe(12);
    expect(lstatSync(at("file")).mtimeMs).toBeCloseTo(1_000_000_000_123, -1);
  });

  it("refuses other things than files to write into", () => {
    const folder = open();
    void folder.makeFolder(utf8("d"));
    expect(["ENOTREG", "EISDIR"]).toContain(codeOf(() => folder.openFile(utf8("d"), "write")));
    expect(codeOf(() => folder.openFile(utf8("none"), "read"))).toBe("ENOENT");
    folder.close();
  });

  it("links, and removes what it is told to", () => {
    const folder = open();
    void folder.makeSymlink(utf8("s"), utf8("../outside/secret"));
    expect(readlinkSync(at("s"))).toBe("../outside/secret");
    writeFileSync(at("f"), "x");
    void folder.makeHardLink(utf8("h"), folder, utf8("f"));
    expect(folder.stat(utf8("h"))).toMatchObject({ links: 2 });
    void folder.removeFile(utf8("s"));
    void folder.makeFolder(utf8("d"));
    writeFileSync(at("d/x"), "x");
    expect(codeOf(() => folder.removeFolder(utf8("d")))).toBe("ENOTEMPTY");
    expect(
      (folder.list() as Uint8Array[])
        .map((name) => Buffer.from(name).toString())
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(["d", "f", "h"]);
    folder.close();
    expect(existsSync(join(base, "outside/secret"))).toBe(true);
  });

  it("holds on to its folder when that is swapped for a link", () => {
    mkdirSync(at("d"));
    const folder = open();
    const inner = folder.openFolder(utf8("d")) as TargetFolder;
    rmSync(at("d"), { recursive: true });
    symlinkSync(join(base, "outside"), at("d"));
    expect(codeOf(() => inner.createFile(utf8("escaped")))).toMatch(/^E/);
    inner.close();
    folder.close();
    expect(readdirSync(join(base, "outside"))).toEqual(["secret"]);
  });
});

describe.runIf(native !== undefined && posixCalls() !== undefined)("native metadata", () => {
  const openRoot = (): TargetFolder =>
    openNodeTarget(join(base, "t")).openRoot(false) as TargetFolder;

  it("keeps names that are not UTF-8, times before 1970, attributes", () => {
    const folder = openRoot();
    const name = Uint8Array.of(0xff, 0x41, 0x0a);
    const file = folder.createFile(name);
    if (file instanceof Promise) throw new Error("synchronous under Node");
    const xattrs = [{ name: utf8("user.coffer"), value: Uint8Array.of(0, 255, 1) }];
    const shortfall = file.applyMeta(meta({ mtimeSeconds: -2, mtimeNanos: 999_999_999, xattrs }));
    void file.close();
    folder.close();
    expect(readdirSync(join(base, "t"), { encoding: "buffer" })).toEqual([Buffer.from(name)]);
    const path = Buffer.concat([Buffer.from(`${join(base, "t")}/`), name]);
    expect(lstatSync(path, { bigint: true }).mtimeNs).toBe(-1_000_000_001n);
    if (((shortfall as number) & META_SHORTFALL.xattr) === 0) {
      const again = openRoot();
      const opened = again.openFile(name, "read");
      if (opened instanceof Promise) throw new Error("synchronous under Node");
      const other = [{ name: utf8("user.other"), value: Uint8Array.of(1) }];
      void opened.applyMeta(meta({ xattrs: [...xattrs, ...other], onlyTheseXattrs: false }));
      void opened.applyMeta(meta({ xattrs }));
      void opened.close();
      again.close();
      expect(posixCalls()!.lgetxattr(path, utf8("user.other"), new Uint8Array(9))).toBeLessThan(0);
      const value = new Uint8Array(3);
      expect(posixCalls()!.lgetxattr(path, utf8("user.coffer"), value)).toBe(3);
      expect([...value]).toEqual([0, 255, 1]);
    }
  });

  it.runIf(root)("makes special files and gives them away, setuid after that", () => {
    const folder = openRoot();
    void folder.makeSpecial(utf8("p"), "fifo", 0n, 0o644);
    void folder.makeSpecial(utf8("null"), "chardev", 259n, 0o666);
    void folder.applyEntryMeta(utf8("p"), "fifo", meta({ mode: 0o622, uid: 12, gid: 34 }));
    void folder.applyEntryMeta(utf8("null"), "chardev", meta({ mode: 0o666 }));
    const file = folder.createFile(utf8("su"));
    if (file instanceof Promise) throw new Error("synchronous under Node");
    void file.applyMeta(meta({ mode: 0o755 + 2 ** 23, uid: 12, gid: 34 }));
    void file.close();
    folder.close();
    expect(lstatSync(join(base, "t/p"))).toMatchObject({ uid: 12, gid: 34 });
    expect(lstatSync(join(base, "t/p")).mode & 0o7777).toBe(0o622);
    expect(lstatSync(join(base, "t/null"))).toMatchObject({ rdev: 259 });
    expect(lstatSync(join(base, "t/su")).mode & 0o7777).toBe(0o4755);
  });

  it("knows this machine's accounts by name", () => {
    const target = openNodeTarget(base);
    expect(target.ownerOf("root", "root", 5, 6)).toEqual([0, 0]);
    expect(target.ownerOf("no such user", "", 5, 6)).toEqual([5, 6]);
  });
});
