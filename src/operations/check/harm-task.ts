/** Finds the entries of trees that need lost blobs, in worker threads. */
import { isCofferError, isCorruption } from "#base/errors.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import type { Node } from "#format/node.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Task } from "#repository/task-pool.ts";

const LOST = Symbol("check.lost");

export interface TreeHits {
  /** Ids of the folders' trees, joined; as often as they occur. */
  readonly children: Uint8Array;
  /** Files that need lost data: raw name and the numbers of the blobs, each once. */
  readonly files: readonly { readonly name: Uint8Array; readonly blobs: readonly number[] }[];
}

/** Tells one thread which data blobs are lost. Runs once in each thread before {@link harmTask}. */
export const lostTask: Task<{ ids: Uint8Array<ArrayBuffer> }, void> = {
  name: "check.lost",
  run({ state }, { ids }) {
    const table = new IdTable();
    for (let at = 0; at < ids.length; at += 32) table.add(ids, at);
    state.set(LOST, table);
    return Promise.resolve();
  },
};

/** Unreadable trees have neither children nor files: what is known of them is known already. */
export const harmTask: Task<{ ids: Uint8Array<ArrayBuffer> }, readonly TreeHits[]> = {
  name: "check.harm",
  async run({ repository, state }, { ids }) {
    const lost = state.get(LOST) as IdTable;
    const hits: TreeHits[] = [];
    for (let at = 0; at < ids.length; at += 32) {
      const bytes = await tryLoad(() => repository.loadBlob("tree", ids.subarray(at, at + 32)));
      hits.push(bytes ? scan(bytes, lost) : { children: new Uint8Array(0), files: [] });
    }
    return hits;
  },
};

async function tryLoad(load: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await load();
  } catch (error) {
    const gone = isCofferError(error, "MISSING_BLOB", "NOT_FOUND", "STORAGE_FAILED", "DENIED");
    if (!gone && !isCorruption(error)) throw error;
    return undefined;
  }
}

function scan(bytes: Uint8Array, lost: IdTable): TreeHits {
  const children: Uint8Array[] = [];
  const files: { name: Uint8Array; blobs: number[] }[] = [];
  for (const node of decodableNodes(bytes)) {
    if (node.type === "dir" && node.subtree) children.push(node.subtree);
    if (node.type !== "file" || !node.content) continue;
    const blobs = new Set<number>();
    for (let at = 0; at < node.content.length; at += 32) {
      const number = lost.find(node.content, at);
      if (number >= 0) blobs.add(number);
    }
    if (blobs.size > 0) files.push({ name: node.name, blobs: [...blobs] });
  }
  const joined = new Uint8Array(children.length * 32);
  children.forEach((id, i) => joined.set(id, i * 32));
  return { children: joined, files };
}

/**
 * What can be read of a tree: entries that cannot be decoded, and all after a syntax error, are
 * not.
 */
export function* decodableNodes(bytes: Uint8Array): Generator<Node> {
  const cursor = new TreeCursor(bytes);
  const step = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      return undefined;
    }
  };
  while (step(() => cursor.next())) {
    const node = step(() => cursor.decode());
    if (node) yield node;
  }
}
