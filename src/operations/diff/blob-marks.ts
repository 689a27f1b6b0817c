/**
 * Which side of a comparison uses a blob. Only blobs near a difference are held: those of folders
 * that are equal on both sides are looked up afterwards, without being kept.
 */
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { ID_BYTES } from "#format/id.ts";
import type { Node } from "#format/node.ts";
import type { DiffStats } from "#operations/diff/diff-types.ts";
import type { BlobLocation, BlobType } from "#repository/blob-index.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";

export const BEFORE = 1;
export const AFTER = 2;
export const BOTH = 3;

class Marks {
  readonly ids = new IdTable();
  #marks = new Uint8Array(1024);
  /** Blobs that only one side is known to use. */
  open = 0;

  add(ids: Uint8Array, at: number, mark: number): void {
    const number = this.ids.add(ids, at);
    if (number >= this.#marks.length) {
      const grown = new Uint8Array(2 * this.#marks.length);
      grown.set(this.#marks);
      this.#marks = grown;
    }
    this.#set(number, mark);
  }

  /** Marks a blob only if it is held. */
  settle(ids: Uint8Array, at: number): void {
    const number = this.ids.find(ids, at);
    if (number >= 0) this.#set(number, BOTH);
  }

  get(number: number): number {
    return this.#marks[number]!;
  }

  #set(number: number, mark: number): void {
    const before = this.#marks[number]!;
    const after = before | mark;
    this.#marks[number] = after;
    if (before === 0 && after !== BOTH) this.open++;
    else if (before !== 0 && before !== BOTH && after === BOTH) this.open--;
  }
}

export class BlobMarks {
  readonly #data = new Marks();
  readonly #trees = new Marks();

  node(node: Node, mark: number): void {
    if (node.type === "file" && node.content) {
      for (let at = 0; at < node.content.length; at += ID_BYTES) {
        this.#data.add(node.content, at, mark);
      }
    } else if (node.type === "dir" && node.subtree) this.#trees.add(node.subtree, 0, mark);
  }

  tree(id: Uint8Array, mark: number): void {
    this.#trees.add(id, 0, mark);
  }

  /** True while it matters what equal folders hold. */
  get isOpen(): boolean {
    return this.#data.open + this.#trees.open > 0;
  }

  /** An entry that both sides have. */
  settle(node: Node): void {
    if (node.type === "file" && node.content) {
      for (let at = 0; at < node.content.length; at += ID_BYTES) {
        this.#data.settle(node.content, at);
      }
    } else if (node.type === "dir" && node.subtree) this.#trees.settle(node.subtree, 0);
  }

  /** Adds the blobs that one side alone uses, with their plaintext lengths. */
  count(repo: Repository, stats: DiffStats): void {
    this.#count(repo, "data", this.#data, stats);
    this.#count(repo, "tree", this.#trees, stats);
  }

  #count(repo: Repository, type: BlobType, marks: Marks, stats: DiffStats): void {
    const found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
    for (let number = 0; number < marks.ids.size; number++) {
      const mark = marks.get(number);
      if (mark === BOTH) continue;
      const counts = mark === AFTER ? stats.added : stats.removed;
      if (type === "data") counts.dataBlobs++;
      else counts.treeBlobs++;
      if (!repo.index.lookup(type, marks.ids.idAt(number), found)) stats.errors++;
      else counts.bytes += found.rawLength || found.length - SEAL_OVERHEAD;
    }
  }
}
