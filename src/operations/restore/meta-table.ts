/** Metadata of entries in columns: what is applied after an entry's content stands. */
import type { ExtendedAttribute, NodeMeta } from "#format/node.ts";
import { Column, f64, u32 } from "#operations/restore/columns.ts";
import type { EntryMeta } from "#platform/restore-target.ts";

/**
 * The metadata of some entries as plain data for another thread; row i belongs to entry i there.
 */
export interface MetaSlice {
  readonly mode: Uint32Array;
  readonly uid: Uint32Array;
  readonly gid: Uint32Array;
  readonly mtimeSeconds: Float64Array;
  readonly mtimeNanos: Uint32Array;
  readonly atimeSeconds: Float64Array;
  readonly atimeNanos: Uint32Array;
  /** Rows that have any. */
  readonly xattrs: Map<number, readonly ExtendedAttribute[]>;
  /** They are all that was recorded: others on the target are removed. */
  readonly allXattrs: boolean;
  /** User and group names of each row; only where ownership is restored by name. */
  readonly owners: readonly (readonly [user: string, group: string])[] | undefined;
}

export interface MetaTableOptions {
  /** Keeps user and group names. */
  readonly names: boolean;
  /** Which extended attributes to keep; undefined: all. */
  readonly wantsXattr: ((name: Uint8Array) => boolean) | undefined;
}

/** Metadata of rows of another table, a column for each fact. */
export class MetaTable {
  readonly #options: MetaTableOptions;
  readonly #mode = new Column(u32);
  readonly #uid = new Column(u32);
  readonly #gid = new Column(u32);
  readonly #mtimeSeconds = new Column(f64);
  readonly #mtimeNanos = new Column(u32);
  readonly #atimeSeconds = new Column(f64);
  readonly #atimeNanos = new Column(u32);
  readonly #xattrs = new Map<number, readonly ExtendedAttribute[]>();
  readonly #owner = new Column(u32);
  /** Each pair once: a machine has few. */
  readonly #owners: (readonly [string, string])[] = [];
  readonly #ownerRows = new Map<string, number>();

  constructor(options: MetaTableOptions) {
    this.#options = options;
  }

  push(node: NodeMeta): void {
    const row = this.#mode.length;
    this.#mode.push(node.mode);
    this.#uid.push(node.uid);
    this.#gid.push(node.gid);
    this.#mtimeSeconds.push(node.mtime.seconds);
    this.#mtimeNanos.push(node.mtime.nanos);
    this.#atimeSeconds.push(node.atime.seconds);
    this.#atimeNanos.push(node.atime.nanos);
    if (node.xattrs.length > 0) this.#keepXattrs(row, node.xattrs);
    if (this.#options.names) this.#owner.push(this.#ownerRow(node.user, node.group));
  }

  #keepXattrs(row: number, all: readonly ExtendedAttribute[]): void {
    const { wantsXattr } = this.#options;
    const wanted = wantsXattr === undefined ? all : all.filter(({ name }) => wantsXattr(name));
    if (wanted.length > 0) this.#xattrs.set(row, wanted);
  }

  #ownerRow(user: string, group: string): number {
    const key = `${user}\0${group}`;
    let row = this.#ownerRows.get(key);
    if (row === undefined) {
      row = this.#owners.push([user, group]) - 1;
      this.#ownerRows.set(key, row);
    }
    return row;
  }

  mtimeSeconds(row: number): number {
    return this.#mtimeSeconds.values[row]!;
  }

  mtimeNanos(row: number): number {
    return this.#mtimeNanos.values[row]!;
  }

  /** The given rows, copied. */
  slice(rows: Uint32Array): MetaSlice {
    const xattrs = new Map<number, readonly ExtendedAttribute[]>();
    if (this.#xattrs.size > 0) {
      rows.forEach((row, i) => {
        const own = this.#xattrs.get(row);
        if (own !== undefined) xattrs.set(i, own);
      });
    }
    const { names } = this.#options;
    return {
      mode: pick(this.#mode.values, rows, u32),
      uid: pick(this.#uid.values, rows, u32),
      gid: pick(this.#gid.values, rows, u32),
      mtimeSeconds: pick(this.#mtimeSeconds.values, rows, f64),
      mtimeNanos: pick(this.#mtimeNanos.values, rows, u32),
      atimeSeconds: pick(this.#atimeSeconds.values, rows, f64),
      atimeNanos: pick(this.#atimeNanos.values, rows, u32),
      xattrs,
      allXattrs: this.#options.wantsXattr === undefined,
      owners: names
        ? Array.from(rows, (row) => this.#owners[this.#owner.values[row]!]!)
        : undefined,
    };
  }
}

/** The values at the given rows. */
export function pick<T extends Uint8Array | Uint32Array | Float64Array>(
  values: T,
  rows: Uint32Array,
  make: (length: number) => T,
): T {
  const out = make(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]!]!;
  return out;
}

const NO_XATTRS: readonly ExtendedAttribute[] = [];

/** An object for {@link readMeta} to fill, so that a file costs none. */
export function emptyMeta(): EntryMeta {
  return {
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanos: 0,
    atimeSeconds: 0,
    atimeNanos: 0,
    xattrs: NO_XATTRS,
    onlyTheseXattrs: false,
  };
}

/** Fills `into` from a row of a slice. Names of owners are for the caller to resolve. */
export function readMeta(slice: MetaSlice, row: number, into: EntryMeta): void {
  into.mode = slice.mode[row]!;
  into.uid = slice.uid[row]!;
  into.gid = slice.gid[row]!;
  into.mtimeSeconds = slice.mtimeSeconds[row]!;
  into.mtimeNanos = slice.mtimeNanos[row]!;
  into.atimeSeconds = slice.atimeSeconds[row]!;
  into.atimeNanos = slice.atimeNanos[row]!;
  into.onlyTheseXattrs = slice.allXattrs;
  into.xattrs = slice.xattrs.size === 0 ? NO_XATTRS : (slice.xattrs.get(row) ?? NO_XATTRS);
}
