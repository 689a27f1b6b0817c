/**
 * File modes: the number that `stat` gives (type and permissions, as in POSIX) to and from the bits
 * that a tree stores (Go's `os.FileMode`). docs/format.md, section 9.
 */
import { GO_MODE, type NodeType } from "#format/node.ts";

/** POSIX file type bits; the same numbers on Linux, macOS and the BSDs. */
export const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const S_IFLNK = 0o120000;
const S_IFREG = 0o100000;
const S_IFBLK = 0o060000;
const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;
const S_IFIFO = 0o010000;

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;
const S_ISVTX = 0o1000;

interface Kind {
  readonly type: NodeType;
  readonly posix: number;
  /** Go's type bits. */
  readonly go: number;
}

const KINDS: readonly Kind[] = [
  { type: "file", posix: S_IFREG, go: 0 },
  { type: "dir", posix: S_IFDIR, go: GO_MODE.dir },
  { type: "symlink", posix: S_IFLNK, go: GO_MODE.symlink },
  { type: "dev", posix: S_IFBLK, go: GO_MODE.device },
  { type: "chardev", posix: S_IFCHR, go: GO_MODE.device + GO_MODE.charDevice },
  { type: "fifo", posix: S_IFIFO, go: GO_MODE.namedPipe },
  { type: "socket", posix: S_IFSOCK, go: GO_MODE.socket },
];

const IRREGULAR: Kind = { type: "irregular", posix: 0, go: GO_MODE.irregular };

/** Indexed by the four type bits of `st_mode`. */
const BY_TYPE_BITS: readonly Kind[] = Array.from(
  { length: 16 },
  (_, bits) => KINDS.find((kind) => kind.posix === bits << 12) ?? IRREGULAR,
);

/** The node type of an `st_mode`; `irregular` for a type that POSIX does not name. */
export function nodeTypeOf(stMode: number): NodeType {
  return BY_TYPE_BITS[(stMode >> 12) & 15]!.type;
}

/** `st_mode` to the mode that a tree stores. */
export function goModeOf(stMode: number): number {
  let mode = BY_TYPE_BITS[(stMode >> 12) & 15]!.go + (stMode & 0o777);
  // Sums, not `|`: the folder bit is 2^31, where JavaScript's bit operators turn negative.
  if ((stMode & 0o7000) !== 0) {
    if ((stMode & S_ISUID) !== 0) mode += GO_MODE.setuid;
    if ((stMode & S_ISGID) !== 0) mode += GO_MODE.setgid;
    if ((stMode & S_ISVTX) !== 0) mode += GO_MODE.sticky;
  }
  return mode;
}

/** The bits that `chmod` takes (0 to 0o7777) of a stored mode; other bits are ignored. */
export function permissionsOf(goMode: number): number {
  let mode = goMode & 0o777;
  if ((goMode & GO_MODE.setuid) !== 0) mode |= S_ISUID;
  if ((goMode & GO_MODE.setgid) !== 0) mode |= S_ISGID;
  if ((goMode & GO_MODE.sticky) !== 0) mode |= S_ISVTX;
  return mode;
}

/** `st_mode` of a node: its type's bits and the permissions of its stored mode. */
export function posixModeOf(type: NodeType, goMode: number): number {
  const kind = KINDS.find((entry) => entry.type === type) ?? IRREGULAR;
  return kind.posix | permissionsOf(goMode);
}
