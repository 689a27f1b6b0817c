/**
 * Names of users and groups. The C library is asked first, because only it knows the name services
 * that the machine uses (LDAP, systemd); without it the two classic files are read.
 */
import { readFileSync } from "node:fs";
import { fromUtf8 } from "#base/bytes.ts";
import type { AccountCalls } from "#platform/node/posix-calls.ts";
import type { PosixLibrary, RawCall } from "#platform/node/posix-library.ts";
import { systemCode } from "#platform/node/system-error.ts";

/** `struct passwd` has 48 (glibc) or 72 (macOS), `struct group` 32 bytes. */
const STRUCT_BYTES = 128;
/** Groups with many members need room: it grows fourfold up to this, then the name is unknown. */
const FIRST_ROOM = 4096;
const MAX_ROOM = 1 << 22;
const ERANGE = 34;

/** Binds `getpwuid_r` and `getgrgid_r`. */
export function bindAccountCalls(library: PosixLibrary): AccountCalls {
  const parameters = ["uint", "void *", "void *", "size_t", "void *"];
  const user = library.bind("getpwuid_r", "int", parameters);
  const group = library.bind("getgrgid_r", "int", parameters);
  const files = accountFiles();
  return {
    userName: (id) => (user ? nameBy(library, user, id) : files.userName(id)),
    groupName: (id) => (group ? nameBy(library, group, id) : files.groupName(id)),
  };
}

/** Both calls have the same shape, and the name is the first pointer of both structures. */
function nameBy(library: PosixLibrary, call: RawCall, id: number): string {
  const entry = new Uint8Array(STRUCT_BYTES);
  const found = new Uint8Array(8);
  for (let size = FIRST_ROOM; size <= MAX_ROOM; size *= 4) {
    const strings = new Uint8Array(size);
    const failure = call(id, entry, strings, size, found);
    if (failure === ERANGE) continue;
    if (failure !== 0 || found.every((byte) => byte === 0)) return "";
    const start = new DataView(entry.buffer).getBigUint64(0, true) - library.addressOf(strings);
    if (start < 0n || start >= BigInt(size)) return "";
    const at = Number(start);
    return fromUtf8(strings.subarray(at, strings.indexOf(0, at)));
  }
  return "";
}

/** The same answers from `/etc/passwd` and `/etc/group`, read when first asked. */
export function accountFiles(passwd = "/etc/passwd", group = "/etc/group"): AccountCalls {
  let users: ReadonlyMap<number, string> | undefined;
  let groups: ReadonlyMap<number, string> | undefined;
  return {
    userName: (id) => (users ??= namesIn(passwd)).get(id) ?? "",
    groupName: (id) => (groups ??= namesIn(group)).get(id) ?? "",
  };
}

/** Lines of `name:x:id:…`; the first line of an id counts. */
function namesIn(file: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of readIfPresent(file).split("\n")) {
    const [name, , digits] = line.split(":");
    if (!name || !digits || !/^\d+$/.test(digits)) continue;
    const id = Number(digits);
    if (!names.has(id)) names.set(id, name);
  }
  return names;
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "EACCES") return "";
    throw error;
  }
}
