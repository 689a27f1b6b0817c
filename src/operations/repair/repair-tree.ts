/**
 * Rewrites a tree so that it names only what is there (docs/format.md, section 16). Nodes that need
 * no change keep their bytes.
 */
import { compareBytes } from "#base/bytes.ts";
import { isCorruption } from "#base/errors.ts";
import { quoteName } from "#format/node-name.ts";
import type { Node } from "#format/node.ts";
import { nameProblem } from "#format/safe-name.ts";
import { formatUtc } from "#format/time-formatter.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import { encodeNode, encodeTree } from "#format/tree-encode.ts";
import type { BlobIndex, BlobLocation } from "#repository/blob-index.ts";

const ID_BYTES = 32;

/** A child that could not be read has no tree. */
export type RepairedChild = (subtree: Uint8Array) => Uint8Array | undefined;

/** Something that was left out; names quoted as in trees. */
export interface TreeLoss {
  readonly name: string;
  readonly what: "invalid entry" | "folder" | "content";
}

export interface RepairedTree {
  /** The new tree's bytes; undefined when nothing had to change. */
  readonly bytes: Uint8Array | undefined;
  readonly losses: readonly TreeLoss[];
}

/** Ids of the folders' trees, in order. @throws BAD_TREE when the bytes are no tree */
export function subtreesOf(bytes: Uint8Array, what: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  const cursor = new TreeCursor(bytes, { what });
  while (cursor.next()) {
    const subtree = decode(cursor)?.subtree;
    if (subtree) found.push(subtree);
  }
  return found;
}

/**
 * Repairs one tree whose children have been repaired.
 * @param emptyTree id of the empty tree, which stands for folders that are lost
 * @throws BAD_TREE when the bytes are no tree
 */
export function repairTree(
  bytes: Uint8Array,
  what: string,
  index: BlobIndex,
  child: RepairedChild,
  emptyTree: Uint8Array,
): RepairedTree {
  const nodes: { readonly name: Uint8Array; readonly raw: Uint8Array }[] = [];
  const losses: TreeLoss[] = [];
  let isChanged = false;
  const cursor = new TreeCursor(bytes, { what });
  while (cursor.next()) {
    const node = decode(cursor);
    if (!node || !isUsable(node)) {
      losses.push({ name: node ? quoteName(node.name) : "?", what: "invalid entry" });
      isChanged = true;
      continue;
    }
    const repaired = repairNode(node, index, child, emptyTree, losses);
    if (repaired) isChanged = true;
    nodes.push({ name: node.name, raw: repaired ?? cursor.rawNode });
  }
  if (!isChanged) return { bytes: undefined, losses };
  nodes.sort((a, b) => compareBytes(a.name, b.name));
  return { bytes: encodeTree(nodes.map(({ raw }) => raw)), losses };
}

/** The current node, or undefined when it cannot be decoded. */
function decode(cursor: TreeCursor): Node | undefined {
  try {
    return cursor.decode();
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return undefined;
  }
}

function isUsable({ name, type }: Node): boolean {
  return nameProblem(name) === undefined && type !== "" && type !== "irregular";
}

/** The changed node's bytes, or undefined when it can stay as it is. */
function repairNode(
  node: Node,
  index: BlobIndex,
  child: RepairedChild,
  emptyTree: Uint8Array,
  losses: TreeLoss[],
): Uint8Array | undefined {
  if (node.type === "dir") {
    const subtree = node.subtree && child(node.subtree);
    if (!subtree) losses.push({ name: quoteName(node.name), what: "folder" });
    const wanted = subtree ?? emptyTree;
    if (node.subtree && compareBytes(wanted, node.subtree) === 0) return undefined;
    return encode(node, node.content, wanted, node.size);
  }
  if (node.type !== "file") return undefined;
  const { content, size } = keptContent(node, index);
  if (node.content && content.length === node.content.length && size === node.size) {
    return undefined;
  }
  losses.push({ name: quoteName(node.name), what: "content" });
  return encode(node, content, node.subtree, size);
}

/** Those blobs of a file that the index knows, and their plaintext bytes together. */
function keptContent({ content }: Node, index: BlobIndex): { content: Uint8Array; size: number } {
  const location: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  const kept = new Uint8Array(content?.length ?? 0);
  let length = 0;
  let size = 0;
  for (let at = 0; at < kept.length; at += ID_BYTES) {
    const id = content!.subarray(at, at + ID_BYTES);
    if (!index.lookup("data", id, location)) continue;
    kept.set(id, length);
    length += ID_BYTES;
    size += location.rawLength || location.length - ID_BYTES;
  }
  return { content: kept.subarray(0, length), size };
}

function encode(
  node: Node,
  content: Uint8Array | null,
  subtree: Uint8Array | undefined,
  size: number,
): Uint8Array {
  const { name, error } = node;
  return encodeNode(node, name, content, subtree, formatUtc, size, error ?? "").slice();
}

/** A tree without entries. */
export function emptyTreeBytes(): Uint8Array {
  return encodeTree([]);
}
