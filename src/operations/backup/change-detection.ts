/**
 * Is the content of a file what an earlier run stored? Decided as restic does: type, size and mtime
 * equal, and ctime and inode unless told to ignore them (restic-behaviour, section 4). The common
 * case, nothing changed at all, is decided on bytes: the node just encoded against the stored one.
 */
import { compareTimestamps } from "#base/timestamp.ts";
import type { Node, NodeMeta } from "#format/node.ts";
import type { ChangeDetection } from "#operations/backup/options.ts";
import type { BlobIndex } from "#repository/blob-index.ts";

/** Whether nothing says that a file's content changed since the earlier run. */
export function sameContent(meta: NodeMeta, before: Node, rules: ChangeDetection): boolean {
  if (before.type !== "file" || meta.type !== "file" || before.content === null) return false;
  if (before.size !== meta.size || compareTimestamps(before.mtime, meta.mtime) !== 0) return false;
  const checkCtime = !rules.ignoreCtime && !rules.ignoreInode;
  if (checkCtime && compareTimestamps(before.ctime, meta.ctime) !== 0) return false;
  return rules.ignoreInode || before.inode === meta.inode;
}

/**
 * Content ids of a stored node that equals a fresh one up to `from`, where its list of ids begins:
 * `"id","id"]}` as restic and we write it. Undefined for any other spelling (decode the node then).
 */
export function contentFromTail(raw: Uint8Array, from: number): Uint8Array | undefined {
  const text = raw.length - from - TAIL_END;
  if (text === 0) return raw[from] === BRACKET ? NO_CONTENT : undefined;
  if ((text + 1) % ID_TEXT !== 0 || raw[raw.length - TAIL_END] !== BRACKET) return undefined;
  const ids = new Uint8Array((32 * (text + 1)) / ID_TEXT);
  for (let at = from, i = 0; i < ids.length; at += ID_TEXT) {
    if (raw[at] !== QUOTE) return undefined;
    for (let digit = at + 1; digit < at + 65; digit += 2) {
      const value = (HEX[raw[digit]!]! << 4) | HEX[raw[digit + 1]!]!;
      if (value > 255) return undefined;
      ids[i++] = value;
    }
  }
  return ids;
}

const NO_CONTENT = new Uint8Array(0);
const QUOTE = 0x22;
const BRACKET = 0x5d;
/** `]}` */
const TAIL_END = 2;
/** Two quotes, 64 digits and a comma. */
const ID_TEXT = 67;
/** Values of lower-case hex digits; a large number for anything else. */
const HEX = new Uint16Array(256).fill(0x1000);
for (let i = 0; i < 16; i++) HEX["0123456789abcdef".charCodeAt(i)] = i;

/** Every blob of a content list is stored: the condition for taking it over unread. */
export function allStored(index: BlobIndex, content: Uint8Array): boolean {
  for (let i = 0; i < content.length; i += 32) {
    if (!index.has("data", content.subarray(i, i + 32))) return false;
  }
  return true;
}
