/** Numeric ids of user and group names on this machine, from the C library (so LDAP works too). */
import { utf8 } from "#base/bytes.ts";
import { posixLibrary, type RawCall } from "#platform/node/posix-library.ts";

/** `struct passwd` and `struct group` on 64-bit systems: two pointers, then the id asked for. */
const ID_OFFSET = 16;
const RECORD_BYTES = 128;
/** Room for a record's texts; glibc's own default is 1 KiB, groups with many members need more. */
const TEXT_BYTES = 1 << 20;

type Lookup = (name: string) => number | undefined;

function lookupBy(call: string): Lookup {
  const { library } = posixLibrary();
  const pointers = ["uint8_t *", "uint8_t *", "size_t", "uint8_t *"];
  const bound: RawCall | undefined = library?.bind(call, "int", ["const uint8_t *", ...pointers]);
  const known = new Map<string, number | undefined>();
  return (name) => {
    if (bound === undefined || name === "") return undefined;
    if (known.has(name)) return known.get(name);
    const record = new Uint8Array(RECORD_BYTES);
    const found = new Uint8Array(8);
    const failed = bound(utf8(`${name}\0`), record, new Uint8Array(TEXT_BYTES), TEXT_BYTES, found);
    const hit = failed === 0 && found.some((byte) => byte !== 0);
    const id = hit ? new DataView(record.buffer).getUint32(ID_OFFSET, true) : undefined;
    known.set(name, id);
    return id;
  };
}

let userIds: Lookup | undefined;
let groupIds: Lookup | undefined;

/** The user's id, or undefined when the name is unknown here or cannot be looked up. */
export function userIdOf(name: string): number | undefined {
  userIds ??= lookupBy("getpwnam_r");
  return userIds(name);
}

/** The group's id, or undefined when the name is unknown here or cannot be looked up. */
export function groupIdOf(name: string): number | undefined {
  groupIds ??= lookupBy("getgrnam_r");
  return groupIds(name);
}
