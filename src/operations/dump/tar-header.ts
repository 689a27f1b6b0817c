/**
 * Headers of tar entries: ustar fields where they suffice, a pax extended header for the rest
 * (POSIX.1-2001; extended attributes as star, GNU tar and libarchive write them).
 */
import { concatBytes, utf8 } from "#base/bytes.ts";
import type { Node, NodeType } from "#format/node.ts";
import { isUtf8 } from "#format/utf8-go.ts";
import type { ArchiveEntry } from "#operations/dump/dump-types.ts";
import { PaxRecords, paxTime } from "#operations/dump/pax-records.ts";
import { permissionBits, splitDevice } from "#operations/dump/unix-mode.ts";

export const TAR_BLOCK = 512;

/** Places and lengths of ustar's fields. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  user: [265, 32],
  group: [297, 32],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;

/** The largest numbers of fields of 8 and 12 bytes. */
const MAX_SHORT = 0o7777777;
const MAX_LONG = 0o77777777777;

const TYPE: Readonly<Partial<Record<NodeType, string>>> = {
  file: "0",
  symlink: "2",
  chardev: "3",
  dev: "4",
  dir: "5",
  fifo: "6",
};

/** Whether a tar can hold such an entry: all but sockets. */
export function fitsTar(type: NodeType): boolean {
  return TYPE[type] !== undefined;
}

/** The blocks before an entry's content. */
export function tarHeader(entry: ArchiveEntry): Uint8Array {
  const { node, linkTo } = entry;
  const path = node.type === "dir" ? concatBytes([entry.path, SLASH]) : entry.path;
  const link = linkTo ?? (node.type === "symlink" ? node.linkTarget : undefined);
  const pax = new PaxRecords();
  const block = new Block();
  block.path(path, pax);
  if (link) block.text("linkName", link, pax, "linkpath");
  block.owner(node, pax);
  block.octal("mode", permissionBits(node.mode), MAX_SHORT);
  if (entry.size > MAX_LONG) pax.add("size", String(entry.size));
  block.octal("size", entry.size, MAX_LONG);
  block.time(node, pax);
  if (node.type === "dev" || node.type === "chardev") block.device(node.device);
  for (const { name, value } of linkTo ? [] : node.xattrs) pax.add(attributeKey(name), value);
  const main = block.finish(linkTo ? "1" : TYPE[node.type]!);
  if (pax.isEmpty) return main;
  const records = pax.take();
  const padding = new Uint8Array(tarPadding(records.length));
  return concatBytes([paxBlock(records.length), records, padding, main]);
}

/** Zero bytes after so many bytes of content. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

const SLASH = utf8("/");
const PAX_NAME = utf8("PaxHeaders/entry");

function paxBlock(length: number): Uint8Array {
  const block = new Block();
  block.raw("name", PAX_NAME);
  block.octal("mode", 0o644, MAX_SHORT);
  block.octal("uid", 0, MAX_SHORT);
  block.octal("gid", 0, MAX_SHORT);
  block.octal("size", length, MAX_LONG);
  block.octal("mtime", 0, MAX_LONG);
  return block.finish("x");
}

/** As GNU tar: a key cannot hold an equals sign, and a percent sign marks what is encoded. */
function attributeKey(name: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [utf8("SCHILY.xattr.")];
  for (const byte of name) {
    if (byte === 0x3d) parts.push(utf8("%3D"));
    else if (byte === 0x25) parts.push(utf8("%25"));
    else parts.push(Uint8Array.of(byte));
  }
  return concatBytes(parts);
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

class Block {
  readonly #bytes = new Uint8Array(TAR_BLOCK);

  raw(field: keyof typeof FIELD, value: Uint8Array): void {
    const [at, length] = FIELD[field];
    this.#bytes.set(value.subarray(0, length), at);
  }

  octal(field: keyof typeof FIELD, value: number, max: number): void {
    const [, length] = FIELD[field];
    const clamped = Math.min(max, Math.max(0, value));
    this.raw(field, utf8(clamped.toString(8).padStart(length - 1, "0")));
  }

  /** In the field alone if it is short and ASCII, else in a record as well. */
  text(field: keyof typeof FIELD, value: Uint8Array, pax: PaxRecords, key: string): void {
    const [, length] = FIELD[field];
    this.raw(field, value);
    if (value.length > length || !isAscii(value)) pax.add(key, value, isUtf8(value));
  }

  path(path: Uint8Array, pax: PaxRecords): void {
    const [, nameLength] = FIELD.name;
    const [, prefixLength] = FIELD.prefix;
    if (path.length > nameLength && isAscii(path)) {
      // The first slash that leaves a name that fits.
      const slash = path.indexOf(SLASH[0]!, path.length - nameLength - 1);
      if (slash > 0 && slash <= prefixLength && slash < path.length - 1) {
        this.raw("prefix", path.subarray(0, slash));
        this.raw("name", path.subarray(slash + 1));
        return;
      }
    }
    this.text("name", path, pax, "path");
  }

  owner({ uid, gid, user, group }: Node, pax: PaxRecords): void {
    if (uid > MAX_SHORT) pax.add("uid", String(uid));
    if (gid > MAX_SHORT) pax.add("gid", String(gid));
    this.octal("uid", uid, MAX_SHORT);
    this.octal("gid", gid, MAX_SHORT);
    this.text("user", utf8(user), pax, "uname");
    this.text("group", utf8(group), pax, "gname");
  }

  time({ mtime }: Node, pax: PaxRecords): void {
    const fits = mtime.nanos === 0 && mtime.seconds >= 0 && mtime.seconds <= MAX_LONG;
    if (!fits) pax.add("mtime", paxTime(mtime));
    this.octal("mtime", mtime.seconds, MAX_LONG);
  }

  device(device: bigint): void {
    const { major, minor } = splitDevice(device);
    this.octal("major", major, MAX_SHORT);
    this.octal("minor", minor, MAX_SHORT);
  }

  finish(type: string): Uint8Array {
    this.raw("type", utf8(type));
    this.raw("magic", utf8("ustar\u000000"));
    this.raw("checksum", utf8("        "));
    let sum = 0;
    for (let i = 0; i < TAR_BLOCK; i++) sum += this.#bytes[i]!;
    this.raw("checksum", utf8(`${sum.toString(8).padStart(6, "0")}\0 `));
    return this.#bytes;
  }
}
