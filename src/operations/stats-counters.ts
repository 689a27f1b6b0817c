/** What the modes of `stats` add up, tree by tree. */
import { toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { Node } from "#format/node.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";

export type StatsMode = "restore-size" | "files-by-contents" | "blobs-per-file" | "raw-data";

/** Named as restic's JSON names them; those that a mode does not count are absent. */
export interface StatsResult {
  readonly totalSize: number;
  readonly totalFileCount?: number;
  readonly totalBlobCount?: number;
  /** raw-data only: plaintext bytes of the blobs. */
  readonly totalUncompressedSize?: number;
  /** raw-data of version 2 only: plaintext over stored, of compressed blobs. */
  readonly compressionRatio?: number;
  /** Percent of blobs' plaintext that lies compressed. */
  readonly compressionProgress?: number;
  /** Percent of plaintext bytes saved. */
  readonly compressionSpaceSaving?: number;
  readonly snapshotsCount: number;
}

/** Sums for one mode. Trees are numbered; each is walked once. */
export interface Counter {
  /** The root of a snapshot, before its trees. */
  root(id: Uint8Array): void;
  /** One entry of a tree that is read for the first time. */
  node(tree: number, node: Node): void;
  /** A tree of which all folders have been finished: children before parents. */
  finished(tree: number, children: readonly number[]): void;
  /** A snapshot of which all trees are finished. */
  snapshot(root: number): void;
  result(): Omit<StatsResult, "snapshotsCount">;
}

/** What a restore would write: every path counts, a hard link's bytes once a snapshot. */
export class RestoreSize implements Counter {
  #size = 0;
  #count = 0;
  /** By tree number; a tree's sums include what lies below it. */
  readonly #sizes: number[] = [];
  readonly #counts: number[] = [];
  /** Trees with hard links in or below them; their children of that kind, and their own links. */
  readonly #linked = new Map<number, { children: number[]; links: Map<string, number> }>();

  root(): void {
    // A root has no entry of its own to count.
  }

  node(tree: number, node: Node): void {
    this.#counts[tree] = (this.#counts[tree] ?? 0) + 1;
    this.#sizes[tree] ??= 0;
    if (node.size === 0) return;
    if (node.links > 1n && node.inode !== 0n) {
      const entry = this.#linked.get(tree) ?? { children: [], links: new Map<string, number>() };
      this.#linked.set(tree, entry);
      entry.links.set(`${node.inode}:${node.deviceId}`, node.size);
    } else this.#sizes[tree] += node.size;
  }

  finished(tree: number, children: readonly number[]): void {
    let count = this.#counts[tree] ?? 0;
    let size = this.#sizes[tree] ?? 0;
    for (const child of children) {
      count += this.#counts[child] ?? 0;
      size += this.#sizes[child] ?? 0;
      if (!this.#linked.has(child)) continue;
      const entry = this.#linked.get(tree) ?? { children: [], links: new Map<string, number>() };
      this.#linked.set(tree, entry);
      entry.children.push(child);
    }
    this.#counts[tree] = count;
    this.#sizes[tree] = size;
  }

  snapshot(root: number): void {
    this.#count += this.#counts[root] ?? 0;
    this.#size += this.#sizes[root] ?? 0;
    const seen = new Set<number>([root]);
    const own = new Set<string>();
    for (const tree of seen) {
      const entry = this.#linked.get(tree);
      for (const child of entry?.children ?? []) seen.add(child);
      for (const [key, size] of entry?.links ?? []) {
        if (own.has(key)) continue;
        own.add(key);
        this.#size += size;
      }
    }
  }

  result(): Omit<StatsResult, "snapshotsCount"> {
    return { totalSize: this.#size, totalFileCount: this.#count };
  }
}

/** The three modes in which what occurs again counts once, so that a tree read once is enough. */
export class UniqueCounter implements Counter {
  readonly #repo: Repository;
  readonly #mode: Exclude<StatsMode, "restore-size">;
  readonly #contents = new IdTable();
  readonly #blobs = new IdTable();
  readonly #trees = new IdTable();
  readonly #location: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  #size = 0;
  #files = 0;
  #blobCount = 0;
  #plainSize = 0;
  #compressedStored = 0;
  #compressedPlain = 0;

  constructor(repo: Repository, mode: Exclude<StatsMode, "restore-size">) {
    this.#repo = repo;
    this.#mode = mode;
  }

  node(_tree: number, node: Node): void {
    if (this.#mode === "raw-data") {
      if (node.subtree) this.#raw("tree", node.subtree, 0);
      for (let at = 0; at < (node.content?.length ?? 0); at += 32) {
        this.#raw("data", node.content!, at);
      }
      return;
    }
    if (node.type !== "file" || !node.content) return;
    const before = this.#contents.size;
    if (this.#contents.add(this.#repo.primitives.crypto.sha256(node.content)) < before) return;
    if (this.#mode === "files-by-contents") {
      this.#files++;
      this.#size += node.size;
    } else this.#blobsOfFile(node.content);
  }

  #blobsOfFile(content: Uint8Array): void {
    if (content.length > 0) this.#files++;
    const own = new IdTable();
    for (let at = 0; at < content.length; at += 32) {
      const before = own.size;
      if (own.add(content, at) < before) continue;
      const { rawLength, length } = this.#find("data", content.subarray(at, at + 32));
      this.#blobCount++;
      this.#size += rawLength || length - 32;
    }
  }

  #raw(type: "data" | "tree", ids: Uint8Array, at: number): void {
    const table = type === "data" ? this.#blobs : this.#trees;
    const before = table.size;
    if (table.add(ids, at) < before) return;
    const { length, rawLength } = this.#find(type, ids.subarray(at, at + 32));
    this.#blobCount++;
    this.#size += length;
    this.#plainSize += rawLength || length - 32;
    if (rawLength === 0) return;
    this.#compressedStored += length;
    this.#compressedPlain += rawLength;
  }

  #find(type: "data" | "tree", id: Uint8Array): BlobLocation {
    if (this.#repo.index.lookup(type, id, this.#location)) return this.#location;
    throw new CofferError("MISSING_BLOB", `No index names ${type} blob ${toHex(id, 0, 4)}`);
  }

  finished(): void {
    // Nothing sums up along folders here.
  }

  root(id: Uint8Array): void {
    if (this.#mode === "raw-data") this.#raw("tree", id, 0);
  }

  snapshot(): void {
    // All was counted while the trees were read.
  }

  result(): Omit<StatsResult, "snapshotsCount"> {
    const totalSize = this.#size;
    if (this.#mode === "files-by-contents") return { totalSize, totalFileCount: this.#files };
    if (this.#mode === "blobs-per-file") {
      return { totalSize, totalFileCount: this.#files, totalBlobCount: this.#blobCount };
    }
    const plain = this.#plainSize;
    const base = {
      totalSize,
      totalUncompressedSize: plain,
      totalBlobCount: this.#blobCount,
    };
    if (this.#repo.config.version === 1 || plain === 0) return base;
    return {
      ...base,
      compressionRatio:
        this.#compressedStored > 0 ? this.#compressedPlain / this.#compressedStored : 0,
      compressionProgress: (this.#compressedPlain / plain) * 100,
      compressionSpaceSaving: (1 - totalSize / plain) * 100,
    };
  }
}
