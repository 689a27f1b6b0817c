/**
 * The descriptor-relative system calls that a restore on Linux needs, in two ways: natively, and
 * through `/proc/self/fd/N/name`, which Linux resolves relative to the open descriptor too. Exact
 * times, devices and extended attributes need the native way.
 */
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  futimesSync,
  linkSync,
  lutimesSync,
  mkdirSync,
} from "node:fs";
import { lchownSync, openSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import { posixCalls, type PosixCalls } from "#platform/node/posix-calls.ts";
import { posixLibrary } from "#platform/node/posix-library.ts";
import { namedError, systemError } from "#platform/node/system-error.ts";
import type { EntryMeta } from "#platform/restore-target.ts";

/** All names are raw bytes without NUL. Every call throws a SystemError. */
export interface RestoreCalls {
  open(folder: number, name: Uint8Array, flags: number, mode: number): number;
  mkdir(folder: number, name: Uint8Array, mode: number): void;
  unlink(folder: number, name: Uint8Array): void;
  rmdir(folder: number, name: Uint8Array): void;
  symlink(linkTarget: Uint8Array, folder: number, name: Uint8Array): void;
  link(fromFolder: number, from: Uint8Array, folder: number, name: Uint8Array): void;
  mknod(folder: number, name: Uint8Array, stMode: number, device: bigint): void;
  /** Owner of the entry itself, a link not followed. */
  lchown(folder: number, name: Uint8Array, uid: number, gid: number): void;
  /** Times of the entry itself, a link not followed. */
  lutimes(folder: number, name: Uint8Array, meta: EntryMeta): void;
  futimes(fd: number, meta: EntryMeta): void;
  fsetxattr(fd: number, name: Uint8Array, value: Uint8Array): void;
  /** Names of extended attributes; none where there is no such thing. */
  flistxattr(fd: number): readonly Uint8Array[];
  fremovexattr(fd: number, name: Uint8Array): void;
  /** Owner of what a descriptor of {@link OPEN}.entry names. */
  chownEntry(fd: number, uid: number, gid: number): void;
  /** The last component of the path is not followed. */
  lsetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array): void;
  /**
   * Closes what {@link open} opened: a worker of Node warns of descriptors that it did not open.
   */
  close(fd: number): void;
  /** Times keep their nanoseconds. */
  readonly exactTimes: boolean;
}

/** Flags of `open`; those that Node does not name have Linux's values. */
const NOFOLLOW = (constants.O_NOFOLLOW ?? 0) | 0o2000000; // O_CLOEXEC
export const OPEN = {
  folder: constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | NOFOLLOW,
  create: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW,
  // O_NONBLOCK: opening a FIFO that took the file's place must not wait for its other end.
  read: constants.O_RDONLY | NOFOLLOW | (constants.O_NONBLOCK ?? 0),
  write: constants.O_WRONLY | NOFOLLOW | (constants.O_NONBLOCK ?? 0),
  /** O_PATH: names an entry without opening what it stands for. */
  entry: 0o10000000 | NOFOLLOW,
} as const;

/** `/proc/self/fd/N/name` as raw bytes; `/proc/self/fd/N` without a name. */
export function procPath(fd: number, name?: Uint8Array): Buffer {
  const head = Buffer.from(`/proc/self/fd/${fd}`, "latin1");
  return name === undefined ? head : Buffer.concat([head, SLASH, name]);
}

const SLASH = Buffer.from("/");

/** The best calls of this system, or undefined where there are none (not Linux, no `/proc`). */
export function restoreCalls(): RestoreCalls | undefined {
  if (process.platform !== "linux" || !existsSync("/proc/self/fd")) return undefined;
  const native = posixCalls();
  return native === undefined ? PROC_CALLS : (bound ??= nativeCalls(native));
}

let bound: RestoreCalls | undefined;

function bindClose(): RestoreCalls["close"] {
  const { library } = posixLibrary();
  const close = library?.bind("close", "int", ["int"]);
  if (library === undefined || close === undefined) return closeSync;
  return (fd) => {
    if (close(fd) < 0) throw systemError(library.errno(), "close");
  };
}

function nativeCalls(posix: PosixCalls): RestoreCalls {
  const { AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW } = posix.constants;
  const check = (result: number, what: string, name: Uint8Array): void => {
    if (result < 0) throw systemError(-result, what, name);
  };
  const atime = { seconds: 0, nanos: 0 };
  const mtime = { seconds: 0, nanos: 0 };
  const setTimes = (meta: EntryMeta): void => {
    atime.seconds = meta.atimeSeconds;
    atime.nanos = meta.atimeNanos;
    mtime.seconds = meta.mtimeSeconds;
    mtime.nanos = meta.mtimeNanos;
  };
  return {
    open: (folder, name, flags, mode) => posix.openat(folder, name, flags, mode),
    mkdir: (folder, name, mode) => {
      posix.mkdirat(folder, name, mode);
    },
    unlink: (folder, name) => {
      posix.unlinkat(folder, name, 0);
    },
    rmdir: (folder, name) => {
      posix.unlinkat(folder, name, AT_REMOVEDIR);
    },
    symlink: (linkTarget, folder, name) => {
      posix.symlinkat(linkTarget, folder, name);
    },
    link: (fromFolder, from, folder, name) => {
      posix.linkat(fromFolder, from, folder, name);
    },
    mknod: (folder, name, stMode, device) => {
      posix.mknodat(folder, name, stMode, device);
    },
    lchown: (folder, name, uid, gid) => {
      posix.fchownat(folder, name, uid, gid, AT_SYMLINK_NOFOLLOW);
    },
    lutimes: (folder, name, meta) => {
      setTimes(meta);
      posix.utimensat(folder, name, atime, mtime, AT_SYMLINK_NOFOLLOW);
    },
    futimes: (fd, meta) => {
      setTimes(meta);
      posix.futimens(fd, atime, mtime);
    },
    fsetxattr: (fd, name, value) => {
      check(posix.fsetxattr(fd, name, value), "fsetxattr", name);
    },
    flistxattr: (fd) => listNames((into) => posix.flistxattr(fd, into)),
    fremovexattr: (fd, name) => {
      check(posix.fremovexattr(fd, name), "fremovexattr", name);
    },
    chownEntry: (fd, uid, gid) => {
      posix.fchownat(fd, NO_NAME, uid, gid, posix.constants.AT_EMPTY_PATH);
    },
    lsetxattr: (path, name, value) => {
      check(posix.lsetxattr(path, name, value), "lsetxattr", name);
    },
    close: bindClose(),
    exactTimes: true,
  };
}

const NO_NAME = new Uint8Array(0);
const NO_NAMES: readonly Uint8Array[] = [];

/**
 * `list` fills an array with names, each ended by NUL, and returns the bytes or a negative errno.
 */
function listNames(list: (into: Uint8Array) => number): readonly Uint8Array[] {
  const size = list(NO_NAME);
  if (size <= 0) return NO_NAMES;
  const bytes = new Uint8Array(size + 256);
  const end = Math.max(0, list(bytes));
  const names: Uint8Array[] = [];
  for (let from = 0; from < end;) {
    const stop = bytes.indexOf(0, from);
    if (stop < 0) break;
    names.push(bytes.subarray(from, stop));
    from = stop + 1;
  }
  return names;
}

function unsupported(what: string, name?: Uint8Array): Error {
  return namedError("ENOTSUP", "needs native calls, which did not load", what, name);
}

/** Every call resolves the folder through `/proc`. */
export const PROC_CALLS: RestoreCalls = {
  open: (folder, name, flags, mode) => openSync(procPath(folder, name), flags, mode),
  mkdir: (folder, name, mode) => {
    mkdirSync(procPath(folder, name), { mode });
  },
  unlink: (folder, name) => {
    unlinkSync(procPath(folder, name));
  },
  rmdir: (folder, name) => {
    rmdirSync(procPath(folder, name));
  },
  symlink: (linkTarget, folder, name) => {
    symlinkSync(Buffer.from(linkTarget), procPath(folder, name));
  },
  link: (fromFolder, from, folder, name) => {
    linkSync(procPath(fromFolder, from), procPath(folder, name));
  },
  mknod: (_folder, name) => {
    throw unsupported("mknod", name);
  },
  lchown: (folder, name, uid, gid) => {
    lchownSync(procPath(folder, name), uid, gid);
  },
  lutimes: (folder, name, meta) => {
    lutimesSync(procPath(folder, name), ...asSeconds(meta));
  },
  futimes: (fd, meta) => {
    futimesSync(fd, ...asSeconds(meta));
  },
  fsetxattr: (_fd, name) => {
    throw unsupported("fsetxattr", name);
  },
  flistxattr: () => NO_NAMES,
  fremovexattr: (_fd, name) => {
    throw unsupported("fremovexattr", name);
  },
  chownEntry: (fd, uid, gid) => {
    chownSync(procPath(fd), uid, gid);
  },
  lsetxattr: (_path, name) => {
    throw unsupported("lsetxattr", name);
  },
  close: closeSync,
  exactTimes: false,
};

/** Access and modification time as Node takes them: seconds with a fraction. */
export function asSeconds(meta: EntryMeta): [atime: number, mtime: number] {
  return [meta.atimeSeconds + meta.atimeNanos / 1e9, meta.mtimeSeconds + meta.mtimeNanos / 1e9];
}
