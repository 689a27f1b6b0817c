/**
 * Loads the trees of a walk a little ahead of it, decoded by the pool's threads, and keeps recent
 * ones: equal folders are common in some snapshots, and hostile ones repeat few trees without end.
 * Bounded by bytes.
 */
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { latin1 } from "#operations/restore/latin1.ts";
import { treeTask } from "#operations/restore/task-tree.ts";
import { bytesOf, TreeDecoder, type TreeNodes } from "#operations/restore/tree-nodes.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Enough to hide a local disk's or a near server's latency. */
const AHEAD = 8;
/** Larger trees are not loaded ahead. */
const AHEAD_BYTES = 512 * 1024;
/** Trees kept; most are a few KiB. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** Smaller trees are decoded here: a message costs as much (about 20 entries). */
const AWAY_FROM = 8 * 1024;
/** Larger trees are decoded here, window by window, so that they are never held twice. */
const AWAY_TO = 4 * 1024 * 1024;
/** Entries of a window. */
const WINDOW = 4096;

/** The entries of a tree, once. */
export type TreeWindows = Iterable<TreeNodes>;

export interface TreeReaderParts {
  readonly repository: Repository;
  readonly pool: TaskPool;
  /** 32-byte id of a folder's tree. */
  readonly treeOf: (row: number) => Uint8Array;
  /** Decode the names of users and groups. */
  readonly names: boolean;
  readonly signal: AbortSignal | undefined;
}

export class TreeReader {
  readonly #parts: TreeReaderParts;
  readonly #ahead = new Map<number, Promise<TreeWindows>>();
  /** By id as Latin-1; oldest first. */
  readonly #kept = new Map<string, TreeNodes>();
  #keptBytes = 0;
  readonly #found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };

  constructor(parts: TreeReaderParts) {
    this.#parts = parts;
  }

  /** A folder's entries; starts loading the trees that are next on the stack `waiting`. */
  async read(row: number, waiting: readonly number[]): Promise<TreeWindows> {
    const promise = this.#ahead.get(row) ?? this.#load(row);
    this.#ahead.delete(row);
    for (let i = waiting.length - 1; i >= 0 && this.#ahead.size < AHEAD; i--) {
      if (waiting.length - i > AHEAD) break;
      this.#startAhead(waiting[i]!);
    }
    return promise;
  }

  #startAhead(row: number): void {
    if (this.#ahead.has(row)) return;
    if (this.#sizeOf(this.#parts.treeOf(row)) > AHEAD_BYTES) return;
    const promise = this.#load(row);
    // Reported when the walk comes to it; until then nobody waits for it.
    promise.catch(() => undefined);
    this.#ahead.set(row, promise);
  }

  /** Bytes as the index tells; infinite for a tree that it does not name. */
  #sizeOf(id: Uint8Array): number {
    const at = this.#found;
    if (!this.#parts.repository.index.lookup("tree", id, at)) return Number.POSITIVE_INFINITY;
    return Math.max(at.rawLength, at.length - SEAL_OVERHEAD);
  }

  async #load(row: number): Promise<TreeWindows> {
    const { repository, pool, treeOf, names, signal } = this.#parts;
    const id = treeOf(row);
    const key = latin1(id);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return [kept];
    const size = this.#sizeOf(id);
    if (size >= AWAY_FROM && size <= AWAY_TO) {
      return this.#keep(key, await pool.run(treeTask, { id, names }));
    }
    const tree = await repository.loadBlob("tree", id, { signal });
    const decoder = new TreeDecoder(tree, names);
    return size > AWAY_TO
      ? windowsOf(decoder)
      : this.#keep(key, decoder.next(Number.POSITIVE_INFINITY));
  }

  #keep(key: string, nodes: TreeNodes): TreeWindows {
    const bytes = bytesOf(nodes);
    if (bytes > KEPT_BYTES / 8 || this.#kept.has(key)) return [nodes];
    this.#kept.set(key, nodes);
    this.#keptBytes += bytes;
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= bytesOf(old);
    }
    return [nodes];
  }
}

function* windowsOf(decoder: TreeDecoder): Generator<TreeNodes> {
  while (!decoder.done) yield decoder.next(WINDOW);
}
