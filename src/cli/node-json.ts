/** A tree entry as `ls --json` and ncdu show it, fields in restic's order. */
import { fromUtf8 } from "#base/bytes.ts";
import type { Clock } from "#base/clock.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { unlessZero, type JsonValue } from "#cli/text/json-text.ts";
import { formatMode } from "#cli/text/format-human.ts";
import { GO_MODE, type Node } from "#format/node.ts";
import { formatTime } from "#format/time.ts";
import type { LsEntry } from "#operations/ls.ts";

/** Bytes that are not UTF-8 become U+FFFD: JSON has no other way. */
export function nodeJson({ path, node }: LsEntry, clock: Clock): JsonValue {
  const time = (at: Timestamp) =>
    formatTime({ ...at, offsetMinutes: clock.offsetMinutesAt(at.seconds) });
  return {
    name: fromUtf8(node.name),
    type: node.type,
    path: fromUtf8(path),
    uid: node.uid,
    gid: node.gid,
    size: node.type === "file" ? node.size : undefined,
    mode: unlessZero(node.mode),
    permissions: formatMode(node.mode),
    mtime: time(node.mtime),
    atime: time(node.atime),
    ctime: time(node.ctime),
    inode: unlessZero(node.inode),
    message_type: "node",
    struct_type: "node",
  };
}

/** ncdu counts disk space in blocks. */
const BLOCK = 512;

/** https://dev.yorhel.nl/ncdu/jsonfmt; its times may not be negative. */
export function nodeNcdu(node: Node): JsonValue {
  const size = node.type === "file" ? node.size : 0;
  const bit = (flag: number, value: number) => (Math.floor(node.mode / flag) % 2 === 1 ? value : 0);
  return {
    name: fromUtf8(node.name),
    asize: size,
    dsize: Math.ceil(size / BLOCK) * BLOCK,
    dev: node.deviceId,
    ino: node.inode,
    nlink: node.links,
    notreg: node.type !== "dir" && node.type !== "file",
    uid: node.uid,
    gid: node.gid,
    mode:
      (node.mode % 512) +
      bit(GO_MODE.setuid, 0o4000) +
      bit(GO_MODE.setgid, 0o2000) +
      bit(GO_MODE.sticky, 0o1000),
    mtime: Math.max(0, node.mtime.seconds),
  };
}
