/** Task: loads one tree and decodes it, so that selecting costs the coordinating thread little. */
import { release } from "#base/release.ts";
import { TreeDecoder, type TreeNodes } from "#operations/restore/tree-nodes.ts";
import type { Task } from "#repository/task-pool.ts";

export interface TreeInput {
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** Names of users and groups are wanted. */
  readonly names: boolean;
}

/** For trees of bounded size: the whole tree is one answer. */
export const treeTask: Task<TreeInput, TreeNodes> = {
  name: "restore.tree",
  async run({ repository }, { id, names }) {
    const tree = await repository.loadBlob("tree", id);
    const nodes = new TreeDecoder(tree, names).next(Number.POSITIVE_INFINITY);
    release(tree);
    return nodes;
  },
};
