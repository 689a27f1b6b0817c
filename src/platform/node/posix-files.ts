/** File calls of Linux and macOS; the contract is in `posix-calls.ts`. */
import type { Timestamp } from "#base/timestamp.ts";
import { CPath } from "#platform/node/c-path.ts";
import type { FileCalls } from "#platform/node/posix-calls.ts";
import type { PosixLibrary, RawCall } from "#platform/node/posix-library.ts";
import { namedError, systemError } from "#platform/node/system-error.ts";

/** Linux statx.h: type, mode, links, owner, times, inode, size, blocks. */
const STATX_BASIC_STATS = 0x7ff;
const ENXIO = 6;

type Binder = (name: string, result: "int" | "long", parameters: readonly string[]) => RawCall;

/** Binds the calls; one that this C library lacks throws ENOSYS when used. */
export function bindFileCalls(library: PosixLibrary): FileCalls {
  const bind: Binder = (name, result, parameters) =>
    library.bind(name, result, parameters) ??
    (() => {
      throw namedError("ENOSYS", "function not implemented", name);
    });
  const check = (result: number, syscall: string, path?: Uint8Array): number => {
    if (result < 0) throw systemError(library.errno(), syscall, path);
    return result;
  };
  return {
    ...metadataCalls(library, bind, check),
    ...namespaceCalls(library, bind, check),
    ...timeCalls(bind, check),
    ...nodeCalls(library, bind, check),
  };
}

type Check = (result: number, syscall: string, path?: Uint8Array) => number;

function metadataCalls(
  library: PosixLibrary,
  bind: Binder,
  check: Check,
): Pick<FileCalls, "statx" | "getdents" | "readlinkat" | "lseek"> {
  const linux = library.platform === "linux";
  const statx = linux
    ? library.bind("statx", "int", ["int", "void *", "int", "uint", "void *"])
    : undefined;
  // musl calls the same thing getdents; glibc exports no function of that name.
  const records = ["int", "void *", "size_t"];
  const getdents = linux
    ? (library.bind("getdents64", "long", records) ?? library.bind("getdents", "long", records))
    : undefined;
  const readlinkat = bind("readlinkat", "long", ["int", "void *", "void *", "size_t"]);
  const lseek = bind("lseek", "long", ["int", "int64_t", "int"]);
  const paths = new CPath();
  return {
    statx(dirfd, path, flags, into) {
      if (statx === undefined) return false;
      if (into.length < 256) throw new RangeError("into must hold 256 bytes");
      check(statx(dirfd, paths.of(path, "statx"), flags, STATX_BASIC_STATS, into), "statx", path);
      return true;
    },
    getdents: (fd, into) =>
      getdents === undefined ? -1 : check(getdents(fd, into, into.length), "getdents"),
    readlinkat: (dirfd, path, into) =>
      check(readlinkat(dirfd, paths.of(path, "readlink"), into, into.length), "readlink", path),
    lseek(fd, offset, whence) {
      const result = lseek(fd, offset, whence);
      if (result < 0 && library.errno() === ENXIO) return -1;
      return check(result, "lseek");
    },
  };
}

function namespaceCalls(
  library: PosixLibrary,
  bind: Binder,
  check: Check,
): Pick<
  FileCalls,
  | "openat"
  | "close"
  | "mkdirat"
  | "unlinkat"
  | "symlinkat"
  | "linkat"
  | "renameat"
  | "fchmodat"
  | "fchownat"
> {
  // The mode of openat is a variadic argument, which Apple's arm64 passes on the stack.
  const variadic = library.platform === "darwin";
  const fixed = variadic ? ["int", "void *", "int", "..."] : ["int", "void *", "int", "uint"];
  const openat = bind("openat", "int", fixed);
  const close = bind("close", "int", ["int"]);
  const mkdirat = bind("mkdirat", "int", ["int", "void *", "uint"]);
  const unlinkat = bind("unlinkat", "int", ["int", "void *", "int"]);
  const symlinkat = bind("symlinkat", "int", ["void *", "int", "void *"]);
  const linkat = bind("linkat", "int", ["int", "void *", "int", "void *", "int"]);
  const renameat = bind("renameat", "int", ["int", "void *", "int", "void *"]);
  const fchmodat = bind("fchmodat", "int", ["int", "void *", "uint", "int"]);
  const fchownat = bind("fchownat", "int", ["int", "void *", "uint", "uint", "int"]);
  const first = new CPath();
  const second = new CPath();
  return {
    openat(dirfd, path, flags, mode = 0) {
      const name = first.of(path, "open");
      const args = variadic ? (["uint", mode] as const) : ([mode] as const);
      return check(openat(dirfd, name, flags, ...args), "open", path);
    },
    close: (fd) => void check(close(fd), "close"),
    mkdirat: (dirfd, path, mode) =>
      void check(mkdirat(dirfd, first.of(path, "mkdir"), mode), "mkdir", path),
    unlinkat: (dirfd, path, flags) =>
      void check(unlinkat(dirfd, first.of(path, "unlink"), flags), "unlink", path),
    symlinkat(target, dirfd, path) {
      const text = first.of(target, "symlink");
      check(symlinkat(text, dirfd, second.of(path, "symlink")), "symlink", path);
    },
    linkat(fromFd, from, toFd, to) {
      const source = first.of(from, "link");
      check(linkat(fromFd, source, toFd, second.of(to, "link"), 0), "link", to);
    },
    renameat(fromFd, from, toFd, to) {
      const source = first.of(from, "rename");
      check(renameat(fromFd, source, toFd, second.of(to, "rename")), "rename", to);
    },
    fchmodat: (dirfd, path, mode) =>
      void check(fchmodat(dirfd, first.of(path, "chmod"), mode, 0), "chmod", path),
    fchownat: (dirfd, path, uid, gid, flags) =>
      void check(fchownat(dirfd, first.of(path, "chown"), uid, gid, flags), "chown", path),
  };
}

function timeCalls(bind: Binder, check: Check): Pick<FileCalls, "utimensat" | "futimens"> {
  const utimensat = bind("utimensat", "int", ["int", "void *", "void *", "int"]);
  const futimens = bind("futimens", "int", ["int", "void *"]);
  const paths = new CPath();
  // Two `struct timespec` of two 64-bit words each.
  const times = new Uint8Array(32);
  const view = new DataView(times.buffer);
  const fill = (at: number, time: Timestamp): void => {
    view.setBigInt64(at, BigInt(time.seconds), true);
    view.setBigInt64(at + 8, BigInt(time.nanos), true);
  };
  const both = (atime: Timestamp, mtime: Timestamp): Uint8Array => {
    fill(0, atime);
    fill(16, mtime);
    return times;
  };
  return {
    utimensat(dirfd, path, atime, mtime, flags) {
      const name = paths.of(path, "utimensat");
      check(utimensat(dirfd, name, both(atime, mtime), flags), "utimensat", path);
    },
    futimens: (fd, atime, mtime) => void check(futimens(fd, both(atime, mtime)), "futimens"),
  };
}

function nodeCalls(library: PosixLibrary, bind: Binder, check: Check): Pick<FileCalls, "mknodat"> {
  const paths = new CPath();
  if (library.platform === "darwin") {
    // macOS gained mknodat with version 13; its dev_t has 32 bits.
    const mknodat = bind("mknodat", "int", ["int", "void *", "uint16_t", "int32_t"]);
    return {
      mknodat: (dirfd, path, mode, device) =>
        void check(
          mknodat(dirfd, paths.of(path, "mknod"), mode, Number(BigInt.asIntN(32, device))),
          "mknod",
          path,
        ),
    };
  }
  const modern = library.bind("mknodat", "int", ["int", "void *", "uint", "uint64_t"]);
  if (modern !== undefined) {
    return {
      mknodat: (dirfd, path, mode, device) =>
        void check(modern(dirfd, paths.of(path, "mknod"), mode, device), "mknod", path),
    };
  }
  // glibc before 2.33 exports only the versioned form; the version is 0 on 64-bit machines.
  const old = bind("__xmknodat", "int", ["int", "int", "void *", "uint", "void *"]);
  const word = new Uint8Array(8);
  return {
    mknodat(dirfd, path, mode, device) {
      new DataView(word.buffer).setBigUint64(0, BigInt.asUintN(64, device), true);
      check(old(0, dirfd, paths.of(path, "mknod"), mode, word), "mknod", path);
    },
  };
}
