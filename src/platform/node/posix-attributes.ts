/** Extended-attribute calls of Linux and macOS; the contract is in `posix-calls.ts`. */
import { CPath } from "#platform/node/c-path.ts";
import type { AttributeCalls } from "#platform/node/posix-calls.ts";
import type { PosixLibrary, RawCall } from "#platform/node/posix-library.ts";

/** macOS sys/xattr.h: do not follow links. */
const XATTR_NOFOLLOW = 1;

interface RawAttributeCalls {
  readonly llist: RawCall;
  readonly flist: RawCall;
  readonly lget: RawCall;
  readonly fget: RawCall;
  readonly lset: RawCall;
  readonly fset: RawCall;
  readonly lremove: RawCall;
  readonly fremove: RawCall;
}

/** Binds the calls under the name and with the arguments that the system has for them. */
export function bindAttributeCalls(library: PosixLibrary): AttributeCalls {
  const raw = library.platform === "linux" ? linuxCalls(library) : darwinCalls(library);
  const paths = new CPath();
  const names = new CPath();
  const path = (bytes: Uint8Array): Uint8Array => paths.of(bytes, "xattr");
  const name = (bytes: Uint8Array): Uint8Array => names.of(bytes, "xattr");
  const checked = (result: number): number => (result < 0 ? -library.errno() : result);
  return {
    llistxattr: (p, into) => checked(raw.llist(path(p), into, into.length)),
    flistxattr: (fd, into) => checked(raw.flist(fd, into, into.length)),
    lgetxattr: (p, n, into) => checked(raw.lget(path(p), name(n), into, into.length)),
    fgetxattr: (fd, n, into) => checked(raw.fget(fd, name(n), into, into.length)),
    lsetxattr: (p, n, value) => checked(raw.lset(path(p), name(n), value, value.length)),
    fsetxattr: (fd, n, value) => checked(raw.fset(fd, name(n), value, value.length)),
    lremovexattr: (p, n) => checked(raw.lremove(path(p), name(n))),
    fremovexattr: (fd, n) => checked(raw.fremove(fd, name(n))),
  };
}

function required(
  library: PosixLibrary,
  name: string,
  result: "int" | "long",
  parameters: readonly string[],
): RawCall {
  const call = library.bind(name, result, parameters);
  if (call === undefined) throw new Error(`the C library lacks ${name}`);
  return call;
}

function linuxCalls(library: PosixLibrary): RawAttributeCalls {
  const bind = (name: string, result: "int" | "long", parameters: readonly string[]): RawCall =>
    required(library, name, result, parameters);
  const lset = bind("lsetxattr", "int", ["void *", "void *", "void *", "size_t", "int"]);
  const fset = bind("fsetxattr", "int", ["int", "void *", "void *", "size_t", "int"]);
  return {
    llist: bind("llistxattr", "long", ["void *", "void *", "size_t"]),
    flist: bind("flistxattr", "long", ["int", "void *", "size_t"]),
    lget: bind("lgetxattr", "long", ["void *", "void *", "void *", "size_t"]),
    fget: bind("fgetxattr", "long", ["int", "void *", "void *", "size_t"]),
    lset: (...a) => lset(...a, 0),
    fset: (...a) => fset(...a, 0),
    lremove: bind("lremovexattr", "int", ["void *", "void *"]),
    fremove: bind("fremovexattr", "int", ["int", "void *"]),
  };
}

/** macOS has no `l…` twins: an option says "no follow"; get and set take a position besides. */
function darwinCalls(library: PosixLibrary): RawAttributeCalls {
  const bind = (name: string, result: "int" | "long", parameters: readonly string[]): RawCall =>
    required(library, name, result, parameters);
  const tail = ["size_t", "uint32_t", "int"];
  const list = bind("listxattr", "long", ["void *", "void *", "size_t", "int"]);
  const flist = bind("flistxattr", "long", ["int", "void *", "size_t", "int"]);
  const get = bind("getxattr", "long", ["void *", "void *", "void *", ...tail]);
  const fget = bind("fgetxattr", "long", ["int", "void *", "void *", ...tail]);
  const set = bind("setxattr", "int", ["void *", "void *", "void *", ...tail]);
  const fset = bind("fsetxattr", "int", ["int", "void *", "void *", ...tail]);
  const remove = bind("removexattr", "int", ["void *", "void *", "int"]);
  const fremove = bind("fremovexattr", "int", ["int", "void *", "int"]);
  return {
    llist: (...a) => list(...a, XATTR_NOFOLLOW),
    flist: (...a) => flist(...a, 0),
    lget: (...a) => get(...a, 0, XATTR_NOFOLLOW),
    fget: (...a) => fget(...a, 0, 0),
    lset: (...a) => set(...a, 0, XATTR_NOFOLLOW),
    fset: (...a) => fset(...a, 0, 0),
    lremove: (...a) => remove(...a, XATTR_NOFOLLOW),
    fremove: (...a) => fremove(...a, 0),
  };
}
