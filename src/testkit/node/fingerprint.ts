/**
 * Everything that can be seen of a tree on disk, taken by other means than Coffer's own reading
 * (node:fs and `getfattr`), so that a mistake in the one is not repeated in the other.
 */
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";

/** Facts of one entry as text; a fact that its type does not have is missing. */
export interface EntryPrint {
  readonly type: string;
  readonly mode: string;
  readonly uid: string;
  readonly gid: string;
  readonly mtimeNs: string;
  readonly size?: string;
  readonly sha256?: string;
  readonly target?: string;
  readonly rdev?: string;
  /** First path of those that share the inode; files with several names only. */
  readonly linkedWith?: string;
  /** `name=hex` lines, sorted. */
  readonly xattrs?: string;
}

export type Fact = keyof EntryPrint;

/**
 * Path below the root (one character per byte; the root itself is the empty string) → facts.
 * In byte order of the paths.
 */
export type TreePrint = ReadonlyMap<string, EntryPrint>;

/**
 * Takes the fingerprint of `root` and all below it. Reads all content; needs the right to. Sockets
 * are left out, as backups leave them out. Not for paths beyond 4,096 bytes.
 * @throws Error when `getfattr` is not installed
 */
export function fingerprintTree(root: string): TreePrint {
  const attributes = attributesBelow(root);
  const found = new Map<string, EntryPrint>();
  const linked = new Map<string, string>();
  const pending: string[] = [""];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const full = bytes(path === "" ? root : `${latin(root)}/${path}`, path === "");
    const stat = lstatSync(full, { bigint: true });
    if (stat.isSocket()) continue;
    found.set(path, printOf(full, path, stat, attributes.get(path), linked));
    if (!stat.isDirectory()) continue;
    const names = readdirSync(full, { encoding: "latin1" }).toSorted().toReversed();
    for (const name of names) pending.push(path === "" ? name : `${path}/${name}`);
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What differs, one readable line each; empty when equal. `ignore` names facts that are not
 * compared, `ignorePaths` entries (as in {@link TreePrint}) of which only presence is.
 */
export function compareTrees(
  expected: TreePrint,
  actual: TreePrint,
  options: { readonly ignore?: readonly Fact[]; readonly ignorePaths?: readonly string[] } = {},
): string[] {
  const ignored = new Set<string>(options.ignore);
  const ignoredPaths = new Set(options.ignorePaths);
  const lines: string[] = [];
  for (const [path, want] of expected) {
    const got = actual.get(path);
    if (got === undefined) {
      lines.push(`${shown(path)}: missing (${want.type})`);
      continue;
    }
    if (ignoredPaths.has(path)) continue;
    const facts = new Set([...Object.keys(want), ...Object.keys(got)] as Fact[]);
    for (const fact of facts) {
      if (ignored.has(fact) || want[fact] === got[fact]) continue;
      lines.push(`${shown(path)}: ${fact} is ${show(got[fact])}, expected ${show(want[fact])}`);
    }
  }
  for (const [path, got] of actual) {
    if (!expected.has(path)) lines.push(`${shown(path)}: not expected (${got.type})`);
  }
  return lines;
}

function printOf(
  full: Buffer,
  path: string,
  stat: BigIntStats,
  xattrs: string | undefined,
  linked: Map<string, string>,
): EntryPrint {
  const device = stat.isCharacterDevice() || stat.isBlockDevice();
  let linkedWith: string | undefined;
  if (!stat.isDirectory() && stat.nlink > 1n) {
    const identity = `${stat.dev}:${stat.ino}`;
    linkedWith = linked.get(identity) ?? path;
    linked.set(identity, linkedWith);
  }
  return {
    type: typeOf(stat),
    mode: (stat.mode & 0o7777n).toString(8),
    uid: String(stat.uid),
    gid: String(stat.gid),
    mtimeNs: String(stat.mtimeNs),
    ...(stat.isFile() && { size: String(stat.size), sha256: hashOf(full) }),
    ...(stat.isSymbolicLink() && { target: readlinkSync(full, { encoding: "latin1" }) }),
    ...(device && { rdev: String(stat.rdev) }),
    ...(linkedWith !== undefined && { linkedWith }),
    ...(xattrs !== undefined && { xattrs }),
  };
}

function typeOf(stat: BigIntStats): string {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "dir";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isCharacterDevice()) return "chardev";
  return stat.isBlockDevice() ? "dev" : "other";
}

const READ_BYTES = 1 << 20;

function hashOf(path: Buffer): string {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(READ_BYTES);
  const fd = openSync(path, "r");
  try {
    for (;;) {
      const count = readSync(fd, buffer, 0, READ_BYTES, null);
      if (count === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}

/** Attributes of all entries that have some, by path as in {@link TreePrint}. */
function attributesBelow(root: string): Map<string, string> {
  const options = ["-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--", "."];
  const run = spawnSync("getfattr", options, { cwd: root, maxBuffer: 1 << 30 });
  if (run.error !== undefined) throw run.error;
  const found = new Map<string, string>();
  for (const block of run.stdout.toString("latin1").split("\n\n")) {
    const [heading, ...lines] = block.split("\n").filter((line) => line !== "");
    if (heading === undefined) continue;
    const path = unescape(heading.replace(/^# file: /, ""));
    found.set(path === "." ? "" : path.replace(/^\.\//, ""), lines.toSorted().join("\n"));
  }
  return found;
}

/** getfattr writes control characters, `\` and `=` as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}

function latin(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function bytes(path: string, isUtf8: boolean): Buffer {
  return Buffer.from(path, isUtf8 ? "utf8" : "latin1");
}

function shown(path: string): string {
  return JSON.stringify(path === "" ? "." : Buffer.from(path, "latin1").toString("utf8"));
}

function show(value: string | undefined): string {
  if (value === undefined) return "none";
  return value.length > 120 ? `${value.slice(0, 120)}…` : JSON.stringify(value);
}
