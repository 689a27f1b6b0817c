/** When two tree entries count as equal, as restic compares them. */
import { equalBytes } from "#base/bytes.ts";
import { compareTimestamps } from "#base/timestamp.ts";
import type { ExtendedAttribute, Node, NodeMeta } from "#format/node.ts";

/** Metadata and name, without what a file or folder holds. */
export function sameMeta(a: Node, b: Node): boolean {
  return (
    compareTimestamps(a.atime, b.atime) === 0 &&
    compareTimestamps(a.ctime, b.ctime) === 0 &&
    a.inode === b.inode &&
    a.deviceId === b.deviceId &&
    a.links === b.links &&
    a.user === b.user &&
    a.group === b.group &&
    a.size === b.size &&
    (a.error ?? "") === (b.error ?? "") &&
    sameLasting(a, b)
  );
}

/** Everything: {@link sameMeta}, content and subtree. */
export function sameNode(a: Node, b: Node): boolean {
  return sameMeta(a, b) && sameBytes(a.subtree, b.subtree) && sameContent(a, b);
}

/** The same blobs in the same order. */
export function sameContent(a: Pick<Node, "content">, b: Pick<Node, "content">): boolean {
  return equalBytes(a.content ?? NONE, b.content ?? NONE);
}

/**
 * What lasts when a file is only moved, copied with its attributes, or restored: no inode, no
 * ctime, no access time, no names of accounts.
 */
export function sameLasting(a: NodeMeta, b: NodeMeta): boolean {
  return (
    a.type === b.type &&
    a.mode === b.mode &&
    compareTimestamps(a.mtime, b.mtime) === 0 &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.device === b.device &&
    sameBytes(a.linkTarget, b.linkTarget) &&
    sameAttributes(a.xattrs, b.xattrs) &&
    (a.genericAttributes ?? "") === (b.genericAttributes ?? "")
  );
}

const NONE = new Uint8Array(0);

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

/** In any order: systems list them as they like. */
function sameAttributes(a: readonly ExtendedAttribute[], b: readonly ExtendedAttribute[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ name, value }) =>
    b.some((other) => equalBytes(name, other.name) && equalBytes(value, other.value)),
  );
}
