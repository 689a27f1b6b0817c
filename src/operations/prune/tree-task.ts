/** Reads trees in worker threads and lists what they refer to. */
import { concatBytes, toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { treeBlobs } from "#operations/prune/tree-blobs.ts";
import type { Task } from "#repository/task-pool.ts";

/** Trees loaded at once in one thread: enough to hide a remote storage's latency. */
const LANES = 4;

export interface TreeListing {
  readonly children: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Input: tree ids, joined. Output: all that they name, joined.
 * @throws MISSING_BLOB when no index names a blob that a tree needs, and what loading a tree throws
 */
export const treeTask: Task<Uint8Array, TreeListing> = {
  name: "prune.trees",
  async run({ repository }, ids) {
    const children: Uint8Array[] = [];
    const content: Uint8Array[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < ids.length) {
        const id = ids.subarray(next, (next += 32));
        const what = `Tree ${toHex(id, 0, 4)}`;
        const found = treeBlobs(await repository.loadBlob("tree", id), what);
        for (let at = 0; at < found.content.length; at += 32) {
          const blob = found.content.subarray(at, at + 32);
          if (repository.index.has("data", blob)) continue;
          const message = `${what} needs data blob ${toHex(blob, 0, 4)}, which no index names`;
          throw new CofferError("MISSING_BLOB", message, { data: { blob: toHex(blob) } });
        }
        children.push(found.children);
        content.push(found.content);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return { children: concatBytes(children), content: concatBytes(content) };
  },
};
