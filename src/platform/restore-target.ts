/**
 * What a restore writes to: a folder of the machine, a made-up one in tests, one in a browser.
 *
 * Invariant: every call works relative to an opened folder and names one entry in it, so nothing
 * can be written outside the target, whatever names a tree holds and whoever swaps folders for
 * links meanwhile. No call follows a symlink. Names are raw bytes that `format/node-name.ts`
 * accepted; implementations refuse what their own system cannot hold (`EINVAL`).
 *
 * Calls are synchronous under Node (they run inside worker threads) and may return promises
 * elsewhere. Failures are Errors with a system code (`ENOENT`, `EEXIST`, `ENOTDIR`, `EACCES`, …) in
 * `code`.
 */
import type { MaybePromise } from "#base/maybe-promise.ts";
import type { ExtendedAttribute, NodeType } from "#format/node.ts";

/** The metadata that an entry gets. Objects may be reused between calls: copy what is kept. */
export interface EntryMeta {
  /** Go mode bits; only permissions, setuid, setgid and sticky are applied. */
  mode: number;
  uid: number;
  gid: number;
  mtimeSeconds: number;
  mtimeNanos: number;
  atimeSeconds: number;
  atimeNanos: number;
  xattrs: readonly ExtendedAttribute[];
  /**
   * Remove other attributes that users set (`user.*`, ACLs, capabilities), those inherited from a
   * folder's default ACL too. Security labels and the like stay the system's.
   */
  onlyTheseXattrs: boolean;
}

/** What could not be applied without being a failure; a sum of these. */
export const META_SHORTFALL = {
  /** Not allowed to give the file its owner or group (not root). */
  owner: 1,
  /** setuid or setgid left out, because the owner is not the recorded one. */
  setId: 2,
  /** The target's file system holds no (such) extended attributes. */
  xattr: 4,
  /** Times were set to less than a nanosecond's precision, or not at all for a link. */
  time: 8,
} as const;

/** What lies at a name now. */
export interface TargetStat {
  readonly type: NodeType;
  /** Bytes. */
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanos: number;
  /** Hard-link count. */
  readonly links: number;
  /** Tells whether two opens saw the same file: device and inode. */
  readonly identity: string;
}

/** An open regular file. */
export interface TargetFile {
  stat(): MaybePromise<TargetStat>;
  /** Reads up to `into.length` bytes from `position`; 0 at the end. */
  read(into: Uint8Array, position: number): MaybePromise<number>;
  /** Writes all bytes at `position`. */
  write(bytes: Uint8Array, position: number): MaybePromise<void>;
  /** Sets the length; grown parts read as zero. */
  truncate(size: number): MaybePromise<void>;
  /**
   * Owner, extended attributes, permissions, times, in this order.
   * @returns a sum of {@link META_SHORTFALL}
   */
  applyMeta(meta: EntryMeta): MaybePromise<number>;
  /** Reports errors that surface only at the end (network file systems). */
  close(): MaybePromise<void>;
}

/** An open folder. Stays the same folder when its path is renamed or replaced meanwhile. */
export interface TargetFolder {
  /** Opens an existing folder. @throws `ENOTDIR` or `ELOOP` for anything else, links included */
  openFolder(name: Uint8Array): MaybePromise<TargetFolder>;
  /** Makes a folder only its owner can enter until its metadata is applied. @throws `EEXIST` */
  makeFolder(name: Uint8Array): MaybePromise<void>;
  /** undefined when there is nothing of that name. */
  stat(name: Uint8Array): MaybePromise<TargetStat | undefined>;
  /** Names in the folder in any order, without `.` and `..`. */
  list(): MaybePromise<Uint8Array[]>;

  /**
   * Makes a new, empty file, open for writing, that only its owner can read until its metadata is
   * applied.
   * @throws `EEXIST` for anything there, a dangling link included
   */
  createFile(name: Uint8Array): MaybePromise<TargetFile>;
  /** Opens an existing regular file. @throws `ENOTREG` for another type, `ELOOP` for a link */
  openFile(name: Uint8Array, access: "read" | "write"): MaybePromise<TargetFile>;

  /** @throws `EEXIST` */
  makeSymlink(name: Uint8Array, linkTarget: Uint8Array): MaybePromise<void>;
  /** A FIFO, device or socket. @throws `EEXIST`, `EPERM`, `ENOTSUP` where there is no such thing */
  makeSpecial(name: Uint8Array, type: NodeType, device: bigint, mode: number): MaybePromise<void>;
  /**
   * Gives the file `from` in `fromFolder` (of the same target) a second name here. @throws `EEXIST`
   */
  makeHardLink(name: Uint8Array, fromFolder: TargetFolder, from: Uint8Array): MaybePromise<void>;

  /** Removes anything but a folder; a link itself, not what it points to. */
  removeFile(name: Uint8Array): MaybePromise<void>;
  /** Removes an empty folder. @throws `ENOTEMPTY` */
  removeFolder(name: Uint8Array): MaybePromise<void>;

  /** Metadata of a link or special file in this folder. @returns a sum of {@link META_SHORTFALL} */
  applyEntryMeta(name: Uint8Array, type: NodeType, meta: EntryMeta): MaybePromise<number>;
  /** Metadata of this folder itself. @returns a sum of {@link META_SHORTFALL} */
  applyMeta(meta: EntryMeta): MaybePromise<number>;
  close(): void;
}

export interface RestoreTarget {
  /** The folder as the user named it, for messages. */
  readonly root: string;
  /** No call of the target, its folders and files ever returns a promise. */
  readonly synchronous?: boolean;
  /**
   * Opens the root. The root's own path may lead through links: the user chose it.
   * @param make create it, with parents, when it is missing
   * @throws `ENOENT` when missing and not to be made
   */
  openRoot(make: boolean): MaybePromise<TargetFolder>;
  /** Ids of this machine for recorded names; the recorded ids where a name is unknown here. */
  ownerOf(user: string, group: string, uid: number, gid: number): MaybePromise<[number, number]>;
}
