/** Finds repeated names in a tree: in a sorted one by one comparison each. */
import { compareBytes } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { nameAt } from "#operations/restore/entry-table.ts";
import { latin1 } from "#operations/restore/latin1.ts";
import type { TreeNodes } from "#operations/restore/tree-nodes.ts";

/** For the names of one tree, in its order. */
export class NameOrder {
  readonly #windows: Pick<TreeNodes, "names" | "nameEnds">[] = [];
  #previous: Uint8Array | undefined;
  /** All names so far, as Latin-1; only once a tree turned out unsorted. */
  #seen: Set<string> | undefined;

  /** The names that follow are this window's. */
  enter({ names, nameEnds }: TreeNodes): void {
    if (this.#seen === undefined) this.#windows.push({ names, nameEnds });
  }

  /** @throws BAD_TREE when the name, the window's `i`th, came before: the first one wins */
  check(name: Uint8Array, i: number): void {
    if (this.#seen === undefined) {
      const sorted = this.#previous === undefined || compareBytes(this.#previous, name) < 0;
      if (sorted) {
        this.#previous = name;
        return;
      }
      this.#seen = this.#namesBefore(i);
    }
    const key = latin1(name);
    if (this.#seen.has(key)) throw new CofferError("BAD_TREE", "The name occurs twice in a folder");
    this.#seen.add(key);
  }

  #namesBefore(end: number): Set<string> {
    const seen = new Set<string>();
    const current = this.#windows.pop()!;
    for (const window of this.#windows.splice(0)) {
      for (let i = 0; i < window.nameEnds.length; i++) seen.add(latin1(nameAt(window, i)));
    }
    for (let i = 0; i < end; i++) seen.add(latin1(nameAt(current, i)));
    return seen;
  }
}
