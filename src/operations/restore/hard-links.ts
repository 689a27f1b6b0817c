/** Finds the names that share a file: equal inode and device where the link count exceeds one. */
import type { Node } from "#format/node.ts";
import type { EntryTable } from "#operations/restore/entry-table.ts";

export class HardLinks {
  readonly #entries: EntryTable;
  /** Inode → device → row of the first name. */
  readonly #first = new Map<bigint, Map<bigint, number>>();

  constructor(entries: EntryTable) {
    this.#entries = entries;
  }

  /** Row of an earlier name of the same file. */
  firstOf(node: Node): number | undefined {
    if (node.links <= 1n) return undefined;
    const row = this.#first.get(node.inode)?.get(node.deviceId);
    return row !== undefined && row < this.#entries.length ? row : undefined;
  }

  /** Remembers the name that gets the content. */
  add(node: Node, row: number): void {
    if (node.links <= 1n) return;
    const devices = this.#first.get(node.inode);
    if (devices === undefined) this.#first.set(node.inode, new Map([[node.deviceId, row]]));
    else if (!devices.has(node.deviceId)) devices.set(node.deviceId, row);
  }
}
