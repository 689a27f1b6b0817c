/** Reading whole trees, node by node, and checking their order (docs/format.md, section 9). */
import { compareBytes } from "#base/bytes.ts";
import type { Node } from "#format/node.ts";
import { TreeCursor, type TreeReadOptions } from "#format/tree-cursor.ts";

export { TreeCursor, type TreeReadOptions } from "#format/tree-cursor.ts";

/** All nodes of a tree, one at a time. `raw` is a view into `bytes`. @throws BAD_TREE, TOO_LARGE */
export function* readTree(
  bytes: Uint8Array,
  options?: TreeReadOptions,
): Generator<{ readonly node: Node; readonly raw: Uint8Array }> {
  const cursor = new TreeCursor(bytes, options);
  while (cursor.next()) yield { node: cursor.decode(), raw: cursor.rawNode };
}

/** A name that breaks the order of a tree. */
export interface TreeOrderProblem {
  readonly kind: "repeated" | "unsorted";
  /** Raw name. */
  readonly name: Uint8Array;
}

/** Every name that is not above the one before it. Bounded by the tree's size. @throws BAD_TREE */
export function checkTreeOrder(bytes: Uint8Array): TreeOrderProblem[] {
  const problems: TreeOrderProblem[] = [];
  const cursor = new TreeCursor(bytes);
  let previous: Uint8Array | undefined;
  while (cursor.next()) {
    const name = cursor.name;
    const order = previous === undefined ? -1 : compareBytes(previous, name);
    if (order >= 0) problems.push({ kind: order === 0 ? "repeated" : "unsorted", name });
    previous = name;
  }
  return problems;
}
