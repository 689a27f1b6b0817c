/**
 * Is the content of a file what an earlier run stored? Decided as restic does: type, size and mtime
 * equal, and ctime and inode unless told to ignore them (restic-behaviour, section 4). The common case,
 * nothing changed at all, is decided on bytes: the node just encoded against the stored one.
 */
import { compareTimestamps } from "#base/timestamp.ts";
import type { Node, NodeMeta } from "#format/node.ts";
import type { ChangeDetection } from "#operations/backup/options.ts";
import type { BlobIndex } from "#repository/blob-index.ts";

export function sameContent(meta: NodeMeta, before: Node, rules: ChangeDetection): boolean {
  if (before.type !== "file" || meta.type !== "file" || before.content === null) return false;
  if (before.size !== meta.size || compareTimestamps(before.mtime, meta.mtime) !== 0) return false;
  const checkCtime = !rules.ignoreCtime && !rules.ignoreInode;
  if (checkCtime && compareTimestamps(before.ctime, meta.ctime) !== 0) return false;
  return rules.ignoreInode || before.inode === meta.inode;
}

/** Every blob of a content list is stored: the condition for taking it over unread. */
export function allStored(index: BlobIndex, content: Uint8Array): boolean {
  for (let i = 0; i < content.length; i += 32) {
    if (!index.has("data", content.subarray(i, i + 32))) return false;
  }
  return true;
}
