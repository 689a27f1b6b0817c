/**
 * Trees in which a search found nothing: most folders of a snapshot are those of the one before,
 * and are then not looked at again. 50 bytes a tree.
 */
import { IdTable } from "#repository/id-table.ts";

export class EmptyTrees {
  readonly #byKey = new Map<string, IdTable>();

  /** @param key tells apart searches that may answer differently for the same tree */
  has(key: string, tree: Uint8Array): boolean {
    return this.#byKey.get(key)?.has(tree) ?? false;
  }

  add(key: string, tree: Uint8Array): void {
    let table = this.#byKey.get(key);
    if (!table) {
      table = new IdTable();
      this.#byKey.set(key, table);
    }
    table.add(tree);
  }
}
