/** Reading and checking trees in worker threads, in batches of ids. */
import { toHex } from "#base/bytes.ts";
import type { ErrorCode } from "#base/error-codes.ts";
import { isCofferError, isCorruption } from "#base/errors.ts";
import { checkTreeNodes, type TreeProblem } from "#operations/check/check-tree-nodes.ts";
import type { Repository } from "#repository/repository.ts";
import type { Task } from "#repository/task-pool.ts";

export interface TreeBatch {
  /** Tree ids, joined. */
  readonly ids: Uint8Array<ArrayBuffer>;
  /** Report the packs that hold content and trees. */
  readonly wantPacks: boolean;
}

/** A tree that could not be loaded, or what loading found. */
export interface CheckedTree {
  readonly children: Uint8Array;
  readonly problems: readonly TreeProblem[];
  /** Set when the tree itself cannot be loaded or is no tree. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
}

export interface TreeBatchResult {
  /** In the order of the ids. */
  readonly trees: readonly CheckedTree[];
  /** Blob-index numbers of packs, each once; empty unless wanted. */
  readonly packs: readonly number[];
}

const NONE = new Uint8Array(0);

/** Trees loaded at once in one thread: enough to hide a remote storage's latency. */
const LANES = 4;

export const treeTask: Task<TreeBatch, TreeBatchResult> = {
  name: "check.trees",
  async run({ repository }, { ids, wantPacks }) {
    const count = ids.length / 32;
    const trees: CheckedTree[] = Array.from({ length: count });
    const packs = new Set<number>();
    const visit = wantPacks ? (pack: number): void => void packs.add(pack) : undefined;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) {
        const at = next++;
        const id = ids.subarray(at * 32, at * 32 + 32);
        trees[at] = await checkTree(repository, id, visit);
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, count) }, lane));
    return { trees, packs: [...packs] };
  },
};

async function checkTree(
  repository: Repository,
  id: Uint8Array,
  visitPack: ((pack: number) => void) | undefined,
): Promise<CheckedTree> {
  try {
    if (visitPack) for (const { pack } of repository.index.lookupAll("tree", id)) visitPack(pack);
    const bytes = await repository.loadBlob("tree", id);
    return checkTreeNodes(bytes, `Tree ${toHex(id, 0, 4)}`, repository.index, visitPack);
  } catch (error) {
    if (!isCorruption(error) && !isCofferError(error, "MISSING_BLOB", "NOT_FOUND")) throw error;
    const failure = { code: error.code, message: error.message };
    return { children: NONE, problems: [], failure };
  }
}
