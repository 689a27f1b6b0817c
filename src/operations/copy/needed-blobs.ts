/**
 * Finds what the destination lacks of some snapshots: a walk over their trees in the source's
 * threads, each tree once in a whole run. A tree that the destination has is walked all the same,
 * since an interrupted copy may have left what it needs behind.
 */
import { toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { ID_BYTES, idToBytes } from "#format/id.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import { treeTask } from "#operations/prune/tree-task.ts";
import type { BlobIndex, BlobLocation, BlobType } from "#repository/blob-index.ts";
import { IdTable } from "#repository/id-table.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Trees in one task. */
const BATCH = 64;

/** A blob to copy, and one place where the source has it. */
export interface NeededBlob extends BlobLocation {
  readonly type: BlobType;
  /** 32 bytes. */
  readonly id: Uint8Array;
}

/** Memory: 50 bytes for each tree of the run, 200 for each blob not yet taken. */
export class NeededBlobs {
  /** Trees read so far. */
  trees = 0;
  readonly #source: BlobIndex;
  readonly #target: BlobIndex;
  readonly #visited = new IdTable();
  #waiting: number[] = [];
  #seen = new IdTable();
  #needed: NeededBlob[] = [];
  #bytes = 0;

  constructor(source: BlobIndex, target: BlobIndex) {
    this.#source = source;
    this.#target = target;
  }

  get count(): number {
    return this.#needed.length;
  }

  /** Stored bytes of what is needed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds what a snapshot needs. @throws MISSING_BLOB, and what loading trees throws */
  async add(
    snapshot: StoredSnapshot,
    pool: TaskPool,
    options: { readonly signal?: AbortSignal | undefined; readonly onTrees: (n: number) => void },
  ): Promise<void> {
    this.#visit(idToBytes(snapshot.tree), 0);
    const limit = 2 * pool.size;
    const next = (): (() => Promise<void>) | undefined => {
      if (this.#waiting.length === 0) return undefined;
      const share = Math.ceil(this.#waiting.length / limit);
      const numbers = this.#waiting.splice(-Math.min(BATCH, share));
      const ids = new Uint8Array(numbers.length * ID_BYTES);
      numbers.forEach((number, i) => ids.set(this.#visited.idAt(number), i * ID_BYTES));
      return async () => {
        const { children, content } = await pool.run(treeTask, ids);
        for (let at = 0; at < children.length; at += ID_BYTES) this.#visit(children, at);
        for (let at = 0; at < content.length; at += ID_BYTES) this.#need("data", content, at);
        this.trees += numbers.length;
        options.onTrees(this.trees);
      };
    };
    await runBounded(limit, next, options.signal);
  }

  /** Hands over what is needed, in the order of the source's packs. */
  take(): NeededBlob[] {
    const needed = this.#needed;
    this.#needed = [];
    // What is taken is stored when the next snapshot is looked at, or has failed.
    this.#seen = new IdTable();
    this.#bytes = 0;
    return needed.sort((a, b) => a.pack - b.pack || a.offset - b.offset);
  }

  #visit(ids: Uint8Array, at: number): void {
    const before = this.#visited.size;
    if (this.#visited.add(ids, at) !== before) return;
    this.#waiting.push(before);
    this.#need("tree", ids, at);
  }

  #need(type: BlobType, ids: Uint8Array, at: number): void {
    const id = ids.subarray(at, at + ID_BYTES);
    if (this.#target.has(type, id)) return;
    // Equal ids of a tree and a data blob would need a collision of SHA-256 or the same bytes.
    const before = this.#seen.size;
    if (type === "data" && this.#seen.add(ids, at) !== before) return;
    const found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
    if (!this.#source.lookup(type, id, found)) {
      throw new CofferError("MISSING_BLOB", `No index names ${type} blob ${toHex(id, 0, 4)}`, {
        data: { blob: toHex(id), type },
      });
    }
    this.#needed.push({ ...found, type, id: id.slice() });
    this.#bytes += found.length;
  }
}
