/** One entry of a tree: a file, folder, link or device (docs/format.md, section 9). */
import type { Timestamp } from "#base/timestamp.ts";

export type NodeType =
  | "file"
  | "dir"
  | "symlink"
  | "dev"
  | "chardev"
  | "fifo"
  | "socket"
  /** Exists only in damaged or foreign data. */
  | "irregular"
  | "";

export interface ExtendedAttribute {
  /** Raw bytes of the name, `user.x`. */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** What the file system knows about an entry, without name and content. */
export interface NodeMeta {
  readonly type: NodeType;
  /** Go file mode bits, as stored: permissions plus the bits of {@link GO_MODE}. */
  readonly mode: number;
  readonly mtime: Timestamp;
  readonly atime: Timestamp;
  readonly ctime: Timestamp;
  readonly uid: number;
  readonly gid: number;
  /** Names looked up at backup time; empty when unknown. */
  readonly user: string;
  readonly group: string;
  readonly inode: bigint;
  readonly deviceId: bigint;
  /** Bytes; files only, else 0. A number: sizes above 2^53 are refused when reading. */
  readonly size: number;
  /** Hard-link count; 0 for types that do not store it. */
  readonly links: bigint;
  /** Raw bytes of a symlink's target. */
  readonly linkTarget?: Uint8Array | undefined;
  /** In the order in which the system lists them. */
  readonly xattrs: readonly ExtendedAttribute[];
  /** Windows only; the JSON text of the object, kept verbatim. */
  readonly genericAttributes?: string | undefined;
  /** Raw st_rdev of devices, else 0. */
  readonly device: bigint;
}

/** Go's file mode bits above the nine permission bits. */
export const GO_MODE = {
  dir: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  namedPipe: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  charDevice: 2 ** 21,
  sticky: 2 ** 20,
  irregular: 2 ** 19,
} as const;

/** A decoded tree entry. */
export interface Node extends NodeMeta {
  /** Raw bytes of the name, unquoted. Not validated: see `format/node-name.ts`. */
  readonly name: Uint8Array;
  /** Data-blob ids, 32 bytes each, joined; null where the tree says null (all but files). */
  readonly content: Uint8Array | null;
  /** Tree-blob id, 32 bytes; folders only. */
  readonly subtree?: Uint8Array | undefined;
  readonly error?: string | undefined;
}
