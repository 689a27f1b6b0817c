/**
 * The folders of a selection. Row 0 is the target itself; a folder's parent has a smaller row, so
 * ascending order makes parents first and descending order finishes children first.
 */
import type { NodeMeta } from "#format/node.ts";
import { fromUtf8 } from "#base/bytes.ts";
import { ByteStrings, Column, u32, u8 } from "#operations/restore/columns.ts";
import {
  MetaTable,
  type MetaSlice,
  type MetaTableOptions,
} from "#operations/restore/meta-table.ts";

/** What is known of a folder on the target. */
export const FOLDER = { unknown: 0, made: 1, existed: 2, failed: 3 } as const;

/**
 * Some folders with all their parents, as plain data for another thread. Position 0 is the root.
 */
export interface FolderSlice {
  /** Row in the table, to recognise folders that a thread has open. */
  readonly rows: Uint32Array;
  /** Position of the parent within the slice. */
  readonly parents: Uint32Array;
  readonly names: Uint8Array;
  /** Name i ends here in `names`. */
  readonly nameEnds: Uint32Array;
}

/** All folders, parents before children; row 0 is the target itself. */
export class FolderTable {
  readonly #parent = new Column(u32);
  readonly #names = new ByteStrings();
  readonly #meta: MetaTable;
  /** Ids of the folders' trees, 32 bytes each. */
  readonly #trees = new ByteStrings();
  readonly #needed = new Column(u8);
  readonly state = new Column(u8);

  /** @param rootTree 32-byte id of the tree that goes into the target itself */
  constructor(options: MetaTableOptions, rootTree: Uint8Array) {
    this.#meta = new MetaTable(options);
    this.#append(0, new Uint8Array(0), rootTree);
    this.#meta.push(NO_META);
    this.#needed.values[0] = 1;
  }

  get length(): number {
    return this.#parent.length;
  }

  /** Adds a folder below `parent` and returns its row; not needed before {@link need}. */
  push(parent: number, name: Uint8Array, tree: Uint8Array, meta: NodeMeta): number {
    this.#append(parent, name, tree);
    this.#meta.push(meta);
    return this.length - 1;
  }

  #append(parent: number, name: Uint8Array, tree: Uint8Array): void {
    this.#parent.push(parent);
    this.#names.push(name);
    this.#trees.push(tree);
    this.#needed.push(0);
    this.state.push(FOLDER.unknown);
  }

  /** Marks a folder and its parents as to be made. */
  need(row: number): void {
    const parents = this.#parent.values;
    const needed = this.#needed.values;
    for (let at = row; needed[at] === 0; at = parents[at]!) needed[at] = 1;
  }

  isNeeded(row: number): boolean {
    return this.#needed.values[row] === 1;
  }

  parent(row: number): number {
    return this.#parent.values[row]!;
  }

  /** A copy. */
  tree(row: number): Uint8Array {
    return this.#trees.at(row).slice();
  }

  /** Raw path within the snapshot, `/`-separated, without a final `/`; empty for the root. */
  path(row: number): Uint8Array {
    let length = 0;
    for (let at = row; at !== 0; at = this.parent(at)) length += this.#names.at(at).length + 1;
    const out = new Uint8Array(length);
    for (let at = row; at !== 0; at = this.parent(at)) {
      const name = this.#names.at(at);
      length -= name.length;
      out.set(name, length);
      out[--length] = SLASH;
    }
    return out;
  }

  /** {@link path} for people. */
  pathText(row: number): string {
    return fromUtf8(this.path(row));
  }

  metaSlice(rows: Uint32Array): MetaSlice {
    return this.#meta.slice(rows);
  }

  /** The folders and their parents. `positions[i]` is where `rows[i]` is in the slice. */
  slice(rows: Uint32Array): { folders: FolderSlice; positions: Uint32Array } {
    const seen = new Map<number, number>([[0, 0]]);
    for (const row of rows) {
      for (let at = row; !seen.has(at); at = this.parent(at)) seen.set(at, 0);
    }
    const sorted = Uint32Array.from(seen.keys()).toSorted();
    sorted.forEach((row, position) => seen.set(row, position));
    const names = sorted.length === 1 ? new ByteRun(0) : new ByteRun(sorted.length * 16);
    const nameEnds = new Uint32Array(sorted.length);
    sorted.forEach((row, i) => (nameEnds[i] = names.add(this.#names.at(row))));
    const folders: FolderSlice = {
      rows: sorted,
      parents: sorted.map((row) => seen.get(this.parent(row))!),
      names: names.take(),
      nameEnds,
    };
    return { folders, positions: rows.map((row) => seen.get(row)!) };
  }
}

/** Byte strings joined for a message. */
export class ByteRun {
  #bytes: Uint8Array;
  #length = 0;

  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected);
  }

  /** Appends, and returns the new end. */
  add(bytes: Uint8Array): number {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
    return end;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

const SLASH = 0x2f;

const NO_META: NodeMeta = {
  type: "dir",
  mode: 0,
  mtime: { seconds: 0, nanos: 0 },
  atime: { seconds: 0, nanos: 0 },
  ctime: { seconds: 0, nanos: 0 },
  uid: 0,
  gid: 0,
  user: "",
  group: "",
  inode: 0n,
  deviceId: 0n,
  size: 0,
  links: 0n,
  xattrs: [],
  device: 0n,
};
