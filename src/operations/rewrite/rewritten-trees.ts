/** What became of trees, for the many snapshots that share them: about 80 bytes a tree. */
import { IdTable } from "#repository/id-table.ts";

export interface RewrittenTree {
  /** 32 bytes; the old id when nothing changed. */
  readonly id: Uint8Array;
  /** Entries left in it. */
  readonly entries: number;
  /** Files in it and below, by path, and their sizes. */
  readonly files: number;
  readonly bytes: number;
  /** Entries left out in it and below, folders as one. */
  readonly removed: number;
}

export class RewrittenTrees {
  readonly #byKey = new Map<string, { ids: IdTable; trees: RewrittenTree[] }>();

  get(key: string, tree: Uint8Array): RewrittenTree | undefined {
    const known = this.#byKey.get(key);
    return known?.trees[known.ids.find(tree)];
  }

  set(key: string, tree: Uint8Array, rewritten: RewrittenTree): void {
    let known = this.#byKey.get(key);
    if (!known) {
      known = { ids: new IdTable(), trees: [] };
      this.#byKey.set(key, known);
    }
    known.trees[known.ids.add(tree)] = rewritten;
  }
}
