/**
 * The system calls that Node does not offer: extended attributes, nanosecond times, devices and
 * FIFOs, calls relative to a folder's descriptor. Bound to the C library of the process, so that
 * there is nothing to compile.
 *
 * Paths are raw bytes without a final NUL. A failure throws a {@link SystemError}, as Node's own
 * calls do; only the attribute calls return it as a negative number, because "not supported here"
 * is their everyday answer. Not for Windows: there {@link posixCalls} is undefined.
 */
import type { Timestamp } from "#base/timestamp.ts";
import { bindAttributeCalls } from "#platform/node/posix-attributes.ts";
import { bindAccountCalls } from "#platform/node/posix-accounts.ts";
import { bindFileCalls } from "#platform/node/posix-files.ts";
import { posixLibrary } from "#platform/node/posix-library.ts";

/** Numbers that differ between systems. */
export interface PosixConstants {
  /** "Relative to the working directory", in place of a descriptor. */
  readonly AT_FDCWD: number;
  readonly AT_SYMLINK_NOFOLLOW: number;
  readonly AT_REMOVEDIR: number;
  /** Linux; 0 elsewhere. */
  readonly AT_EMPTY_PATH: number;
  /** Linux; 0 elsewhere. `lstat` implies it, `statx` does not. */
  readonly AT_NO_AUTOMOUNT: number;
  /** `lseek`: next data or hole. */
  readonly SEEK_DATA: number;
  readonly SEEK_HOLE: number;
}

/**
 * Calls on extended attributes. `into` may be empty to ask for the size needed. The result is the
 * number of bytes, or a negative errno (`-34` ERANGE: `into` is too small).
 */
export interface AttributeCalls {
  /** Names, each ended by NUL, links not followed. */
  llistxattr(path: Uint8Array, into: Uint8Array): number;
  flistxattr(fd: number, into: Uint8Array): number;
  lgetxattr(path: Uint8Array, name: Uint8Array, into: Uint8Array): number;
  fgetxattr(fd: number, name: Uint8Array, into: Uint8Array): number;
  /** Creates or replaces. 0, or a negative errno. */
  lsetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array): number;
  fsetxattr(fd: number, name: Uint8Array, value: Uint8Array): number;
  lremovexattr(path: Uint8Array, name: Uint8Array): number;
  fremovexattr(fd: number, name: Uint8Array): number;
}

/** Calls on files. `dirfd` is a folder's descriptor or `AT_FDCWD`. */
export interface FileCalls {
  /**
   * Linux: fills 256 bytes of `struct statx` and returns true. False where there is no such call.
   */
  statx(dirfd: number, path: Uint8Array, flags: number, into: Uint8Array): boolean;
  /** Linux: `struct linux_dirent64` records. Bytes written, 0 at the end; -1: no such call. */
  getdents(fd: number, into: Uint8Array): number;
  /** Bytes of a link's target written into `into`; equal to its length when cut off. */
  readlinkat(dirfd: number, path: Uint8Array, into: Uint8Array): number;
  /** Give the descriptor to {@link FileCalls.close}, not to `fs.close`: see there. */
  openat(dirfd: number, path: Uint8Array, flags: number, mode?: number): number;
  /**
   * Closes a descriptor of {@link FileCalls.openat}. Inside a worker Node keeps a list of those
   * that its own `fs.open` made, and prints a warning when `fs.close` meets another.
   */
  close(fd: number): void;
  mkdirat(dirfd: number, path: Uint8Array, mode: number): void;
  unlinkat(dirfd: number, path: Uint8Array, flags: number): void;
  symlinkat(target: Uint8Array, dirfd: number, path: Uint8Array): void;
  linkat(fromFd: number, from: Uint8Array, toFd: number, to: Uint8Array): void;
  renameat(fromFd: number, from: Uint8Array, toFd: number, to: Uint8Array): void;
  /** Follows links (Linux cannot change a link's mode). */
  fchmodat(dirfd: number, path: Uint8Array, mode: number): void;
  /** With `AT_SYMLINK_NOFOLLOW` in `flags` a link itself changes. */
  fchownat(dirfd: number, path: Uint8Array, uid: number, gid: number, flags: number): void;
  /** Exact to the nanosecond. */
  utimensat(
    dirfd: number,
    path: Uint8Array,
    atime: Timestamp,
    mtime: Timestamp,
    flags: number,
  ): void;
  futimens(fd: number, atime: Timestamp, mtime: Timestamp): void;
  /** `mode` holds the type bits (`posixModeOf`); `device` is a raw `st_rdev`, 0 for a FIFO. */
  mknodat(dirfd: number, path: Uint8Array, mode: number, device: bigint): void;
  /** The new position; -1 when there is no data (or hole) after `offset` (ENXIO). */
  lseek(fd: number, offset: number, whence: number): number;
}

/** Names of accounts, through the system's name services (files, LDAP, …). */
export interface AccountCalls {
  /** Empty when unknown. */
  userName(uid: number): string;
  groupName(gid: number): string;
}

export interface PosixCalls extends AttributeCalls, FileCalls, AccountCalls {
  readonly constants: PosixConstants;
}

const LINUX: PosixConstants = {
  AT_FDCWD: -100,
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_EMPTY_PATH: 0x1000,
  AT_NO_AUTOMOUNT: 0x800,
  SEEK_DATA: 3,
  SEEK_HOLE: 4,
};

/** From macOS's sys/fcntl.h and sys/unistd.h. */
const DARWIN: PosixConstants = {
  AT_FDCWD: -2,
  AT_SYMLINK_NOFOLLOW: 0x20,
  AT_REMOVEDIR: 0x80,
  AT_EMPTY_PATH: 0,
  AT_NO_AUTOMOUNT: 0,
  SEEK_DATA: 4,
  SEEK_HOLE: 3,
};

let bound: PosixCalls | undefined;
let tried = false;

/**
 * The calls, bound on first use (a few milliseconds, once per thread), or undefined where they
 * cannot be had: then say {@link posixCallsProblem} once, and work with what Node offers.
 */
export function posixCalls(): PosixCalls | undefined {
  if (tried) return bound;
  tried = true;
  const { library } = posixLibrary();
  if (library === undefined) return undefined;
  bound = {
    constants: library.platform === "linux" ? LINUX : DARWIN,
    ...bindAttributeCalls(library),
    ...bindFileCalls(library),
    ...bindAccountCalls(library),
  };
  return bound;
}

/**
 * Why {@link posixCalls} is undefined and what that costs, as one sentence for a warning;
 * undefined when all is well. On Windows always set: callers there need no warning.
 */
export function posixCallsProblem(): string | undefined {
  const loaded = posixLibrary();
  if (loaded.library !== undefined) return undefined;
  return (
    "Extended attributes, ACLs, device files and exact times are not handled: " + loaded.reason
  );
}
