/** Everything in a selection but folders, in columns: files, links, special files. */
import type { Node, NodeType } from "#format/node.ts";
import { fromUtf8 } from "#base/bytes.ts";
import { ByteStrings, Column, f64, u32, u8 } from "#operations/restore/columns.ts";
import { ByteRun, type FolderSlice, type FolderTable } from "#operations/restore/folder-table.ts";
import {
  MetaTable,
  type MetaSlice,
  type MetaTableOptions,
} from "#operations/restore/meta-table.ts";

/** What an entry is made as. */
export const KIND = { file: 0, symlink: 1, special: 2, hardLink: 3 } as const;

/** How an entry meets what is on the target. */
export const STATE = {
  /** Nothing was there. */
  fresh: 0,
  /** Left as it is, by the overwrite rule. */
  skip: 1,
  /** Something else was there: removed first. */
  replace: 2,
  /** The content is right: only metadata is set. */
  match: 3,
  /** A regular file whose content differs: written in place. */
  update: 4,
  /** Cannot be restored; reported. */
  failed: 5,
} as const;

/** Some entries as plain data for another thread. */
export interface EntrySlice {
  readonly rows: Uint32Array;
  readonly kinds: Uint8Array;
  readonly states: Uint8Array;
  readonly sizes: Float64Array;
  /** Position of each entry's folder in `folders`. */
  readonly folderOf: Uint32Array;
  readonly folders: FolderSlice;
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  readonly meta: MetaSlice;
  /** Identity that the file has on the target, where it was made or seen before; else "". */
  readonly identities: readonly string[] | undefined;
}

/** What only links and special files have. */
export interface SpecialInfo {
  readonly type: NodeType;
  readonly linkTarget: Uint8Array;
  readonly device: bigint;
}

/** All entries but folders, as columns: about 100 bytes each. Rows are never removed. */
export class EntryTable {
  readonly #folders: FolderTable;
  readonly #names = new ByteStrings();
  readonly #meta: MetaTable;
  readonly folder = new Column(u32);
  readonly kind = new Column(u8);
  readonly state = new Column(u8);
  readonly size = new Column(f64);
  /** Where the entry's blob rows end in {@link content}; they start where the previous ones end. */
  readonly #contentEnd = new Column(f64);
  /** Rows of the blob table, file by file. */
  readonly content = new Column(u32);
  /** By row; for {@link KIND.symlink} and {@link KIND.special}. */
  readonly special = new Map<number, SpecialInfo>();
  /** By row: the entry that holds the content; for {@link KIND.hardLink}. */
  readonly linkedTo = new Map<number, number>();
  /** By row: identity on the target, for files that are opened more than once. */
  readonly identity = new Map<number, string>();

  constructor(options: MetaTableOptions, folders: FolderTable) {
    this.#meta = new MetaTable(options);
    this.#folders = folders;
  }

  get length(): number {
    return this.folder.length;
  }

  /** Adds an entry; its blob rows have been pushed to {@link content} before. */
  push(folder: number, node: Node, kind: number): number {
    this.folder.push(folder);
    this.#names.push(node.name);
    this.#meta.push(node);
    this.kind.push(kind);
    this.state.push(STATE.fresh);
    this.size.push(kind === KIND.file ? node.size : 0);
    this.#contentEnd.push(this.content.length);
    return this.length - 1;
  }

  contentStart(row: number): number {
    return row === 0 ? 0 : this.#contentEnd.values[row - 1]!;
  }

  contentEnd(row: number): number {
    return this.#contentEnd.values[row]!;
  }

  blobCount(row: number): number {
    return this.contentEnd(row) - this.contentStart(row);
  }

  /** Path within the snapshot, for people. */
  pathText(row: number): string {
    const folder = this.#folders.pathText(this.folder.values[row]!);
    return `${folder}/${fromUtf8(this.#names.at(row))}`;
  }

  /** A view, valid until the next push. */
  name(row: number): Uint8Array {
    return this.#names.at(row);
  }

  slice(rows: Uint32Array): EntrySlice {
    const names = new ByteRun(rows.length * 16);
    const nameEnds = new Uint32Array(rows.length);
    const folderRows = new Uint32Array(rows.length);
    const kinds = new Uint8Array(rows.length);
    const states = new Uint8Array(rows.length);
    const sizes = new Float64Array(rows.length);
    rows.forEach((row, i) => {
      nameEnds[i] = names.add(this.#names.at(row));
      folderRows[i] = this.folder.values[row]!;
      kinds[i] = this.kind.values[row]!;
      states[i] = this.state.values[row]!;
      sizes[i] = this.size.values[row]!;
    });
    const { folders, positions } = this.#folders.slice(folderRows);
    const identities =
      this.identity.size === 0
        ? undefined
        : Array.from(rows, (row) => this.identity.get(row) ?? "");
    return {
      rows,
      kinds,
      states,
      sizes,
      folderOf: positions,
      folders,
      names: names.take(),
      nameEnds,
      meta: this.#meta.slice(rows),
      identities,
    };
  }
}

/** Name i of a slice of entries or folders; a view. */
export function nameAt(
  slice: { readonly names: Uint8Array; readonly nameEnds: Uint32Array },
  i: number,
): Uint8Array {
  const start = i === 0 ? 0 : slice.nameEnds[i - 1]!;
  return slice.names.subarray(start, slice.nameEnds[i]);
}
