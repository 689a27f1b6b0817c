/** The entries of a tree in order of their names, each name once; two such lists side by side. */
import { compareBytes } from "#base/bytes.ts";
import type { Node } from "#format/node.ts";
import type { Repository } from "#repository/repository.ts";
import { openTree } from "#repository/snapshot-path.ts";

export interface TreeEntry {
  readonly name: Uint8Array;
  readonly node: Node;
  /** The node's bytes as stored; a view of the tree. */
  readonly raw: Uint8Array;
}

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/** Foreign trees need not be sorted; of equal names the first counts. @throws BAD_TREE, … */
export async function readEntries(
  repo: Repository,
  tree: Uint8Array,
  options: Cancel,
): Promise<TreeEntry[]> {
  const cursor = await openTree(repo, tree, options);
  const entries: TreeEntry[] = [];
  let sorted = true;
  while (cursor.next()) {
    const node = cursor.decode();
    const before = entries.at(-1);
    if (before && compareBytes(before.name, node.name) >= 0) sorted = false;
    entries.push({ name: node.name, node, raw: cursor.rawNode });
  }
  if (sorted) return entries;
  entries.sort((a, b) => compareBytes(a.name, b.name));
  return entries.filter((each, i) => i === 0 || compareBytes(entries[i - 1]!.name, each.name) < 0);
}

/** Pairs of equal names, and what only one side has, in order of the names. */
export function* pairUp<A extends { name: Uint8Array }, B extends { name: Uint8Array }>(
  left: readonly A[],
  right: readonly B[],
): Generator<{ readonly a: A | undefined; readonly b: B | undefined }> {
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const a = left[i];
    const b = right[j];
    const order = !a ? 1 : !b ? -1 : compareBytes(a.name, b.name);
    if (order <= 0) i++;
    if (order >= 0) j++;
    yield { a: order <= 0 ? a : undefined, b: order >= 0 ? b : undefined };
  }
}
