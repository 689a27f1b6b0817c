/**
 * Loads the trees of a walk a little ahead of it, and keeps recent ones: equal folders are common
 * in some snapshots, and hostile ones repeat few trees without end. Bounded by bytes.
 */
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { latin1 } from "#operations/restore/latin1.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";

/** Enough to hide a local disk's or a near server's latency. */
const AHEAD = 8;
/** Larger trees are not loaded ahead. */
const AHEAD_BYTES = 512 * 1024;
/** Trees kept; most are a few KiB. */
const KEPT_BYTES = 8 * 1024 * 1024;

export class TreeReader {
  readonly #repository: Repository;
  readonly #treeOf: (row: number) => Uint8Array;
  readonly #signal: AbortSignal | undefined;
  readonly #ahead = new Map<number, Promise<Uint8Array>>();
  /** By id as Latin-1; oldest first. */
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;
  readonly #found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };

  /** @param treeOf 32-byte id of a folder's tree */
  constructor(
    repository: Repository,
    treeOf: (row: number) => Uint8Array,
    signal: AbortSignal | undefined,
  ) {
    this.#repository = repository;
    this.#treeOf = treeOf;
    this.#signal = signal;
  }

  /** Bytes of a folder's tree; starts loading those that are next on the stack `waiting`. */
  async read(row: number, waiting: readonly number[]): Promise<Uint8Array> {
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
    const at = this.#found;
    if (!this.#repository.index.lookup("tree", this.#treeOf(row), at)) return;
    if (Math.max(at.rawLength, at.length - SEAL_OVERHEAD) > AHEAD_BYTES) return;
    const promise = this.#load(row);
    // Reported when the walk comes to it; until then nobody waits for it.
    promise.catch(() => undefined);
    this.#ahead.set(row, promise);
  }

  async #load(row: number): Promise<Uint8Array> {
    const id = this.#treeOf(row);
    const key = latin1(id);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const bytes = await this.#repository.loadBlob("tree", id, { signal: this.#signal });
    this.#keep(key, bytes);
    return bytes;
  }

  #keep(key: string, bytes: Uint8Array): void {
    if (bytes.length > KEPT_BYTES / 8 || this.#kept.has(key)) return;
    this.#kept.set(key, bytes);
    this.#keptBytes += bytes.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= old.length;
    }
  }
}
