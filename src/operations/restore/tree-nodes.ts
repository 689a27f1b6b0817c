/**
 * What a restore needs of a tree's entries, as flat columns: made in any thread, cheap to hand to
 * another (docs/format.md, section 9). An entry that cannot be decoded is a row with its error.
 */
import { CofferError, isCofferError } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";
import type { ExtendedAttribute, Node, NodeType } from "#format/node.ts";
import { ZERO_TIME } from "#format/time.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import { Column, f64, u32, u8, type Numbers } from "#operations/restore/columns.ts";
import { nameAt } from "#operations/restore/entry-table.ts";

/** An error in plain data. */
export interface Damage {
  readonly code: CofferError["code"];
  readonly message: string;
}

/** What few entries have. */
interface RareFacts {
  readonly xattrs: readonly ExtendedAttribute[];
  /** 0n, as the device, where only one name is recorded. */
  readonly inode: bigint;
  readonly deviceId: bigint;
  readonly links: bigint;
  readonly linkTarget: Uint8Array | undefined;
  readonly device: bigint;
  readonly subtree: Uint8Array | undefined;
}

/** Some entries of one tree, in its order. Structured-cloneable. */
export interface TreeNodes {
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  /** Places in {@link TYPES}. */
  readonly types: Uint8Array;
  readonly modes: Uint32Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  /** Modification and access time of entry i at 2·i and 2·i + 1. */
  readonly seconds: Float64Array;
  readonly nanos: Uint32Array;
  readonly sizes: Float64Array;
  /** Ids of content, joined, and where entry i's end: in ids, not bytes. */
  readonly ids: Uint8Array;
  readonly idEnds: Uint32Array;
  readonly rare: ReadonlyMap<number, RareFacts>;
  /** User and group; only where they were asked for. */
  readonly owners: readonly (readonly [user: string, group: string])[];
  /** Entries that could not be decoded; without a name when that was the reason. */
  readonly damaged: ReadonlyMap<number, Damage & { readonly named: boolean }>;
  /** Why there is nothing more, though the tree does not end here. */
  readonly failure: Damage | undefined;
}

const TYPES: readonly NodeType[] = [
  "file",
  "dir",
  "symlink",
  "dev",
  "chardev",
  "fifo",
  "socket",
  "irregular",
  "",
];
const TYPE_CODES = new Map(TYPES.map((type, code) => [type, code]));

/** Reads a tree window by window, so that a large one is never held in both forms. */
export class TreeDecoder {
  readonly #cursor: TreeCursor;
  readonly #names: boolean;
  /** Nothing follows. */
  done = false;

  /** @param names decode the names of users and groups too */
  constructor(tree: Uint8Array, names: boolean) {
    this.#cursor = new TreeCursor(tree);
    this.#names = names;
  }

  /** Up to `most` further entries. */
  next(most: number): TreeNodes {
    const rows = new Rows(this.#names);
    try {
      for (let i = 0; i < most; i++) {
        if (!this.#cursor.nextDecoded()) {
          this.done = true;
          break;
        }
        rows.add(this.#cursor);
      }
      return rows.take(undefined);
    } catch (error) {
      this.done = true;
      return rows.take(damageOf(error));
    }
  }
}

/** @throws what is no {@link CofferError}: a defect */
function damageOf(error: unknown): Damage {
  if (!isCofferError(error)) throw error;
  return { code: error.code, message: error.message };
}

class Rows {
  readonly #withOwners: boolean;
  readonly #nameBytes = new Column(u8);
  readonly #nameEnds = new Column(u32);
  readonly #types = new Column(u8);
  readonly #modes = new Column(u32);
  readonly #uids = new Column(u32);
  readonly #gids = new Column(u32);
  readonly #seconds = new Column(f64);
  readonly #nanos = new Column(u32);
  readonly #sizes = new Column(f64);
  readonly #ids = new Column(u8);
  readonly #idEnds = new Column(u32);
  readonly #rare = new Map<number, RareFacts>();
  readonly #owners: [string, string][] = [];
  readonly #damaged = new Map<number, Damage & { named: boolean }>();

  constructor(withOwners: boolean) {
    this.#withOwners = withOwners;
  }

  add(cursor: TreeCursor): void {
    const { decoded } = cursor;
    if (!isCofferError(decoded)) {
      append(this.#nameBytes, decoded!.name);
      this.#push(decoded!);
      return;
    }
    const named = this.#addName(cursor);
    this.#damaged.set(this.#nameEnds.length, { ...damageOf(decoded), named });
    this.#push(NOTHING);
  }

  #addName(cursor: TreeCursor): boolean {
    try {
      append(this.#nameBytes, cursor.name);
      return true;
    } catch (error) {
      if (!isCofferError(error)) throw error;
      return false;
    }
  }

  #push(node: Omit<Node, "name">): void {
    const row = this.#nameEnds.length;
    this.#nameEnds.push(this.#nameBytes.length);
    this.#types.push(TYPE_CODES.get(node.type)!);
    this.#modes.push(node.mode);
    this.#uids.push(node.uid);
    this.#gids.push(node.gid);
    this.#seconds.push(node.mtime.seconds);
    this.#seconds.push(node.atime.seconds);
    this.#nanos.push(node.mtime.nanos);
    this.#nanos.push(node.atime.nanos);
    this.#sizes.push(node.size);
    if (node.content !== null) append(this.#ids, node.content);
    this.#idEnds.push(this.#ids.length / ID_BYTES);
    if (this.#withOwners) this.#owners.push([node.user, node.group]);
    const { xattrs, linkTarget, device, subtree, links } = node;
    if (node.type === "file" && links <= 1n && xattrs.length === 0) return;
    const { inode, deviceId } = node;
    this.#rare.set(row, { xattrs, inode, deviceId, links, linkTarget, device, subtree });
  }

  take(failure: Damage | undefined): TreeNodes {
    return {
      names: taken(this.#nameBytes),
      nameEnds: taken(this.#nameEnds),
      types: taken(this.#types),
      modes: taken(this.#modes),
      uids: taken(this.#uids),
      gids: taken(this.#gids),
      seconds: taken(this.#seconds),
      nanos: taken(this.#nanos),
      sizes: taken(this.#sizes),
      ids: taken(this.#ids),
      idEnds: taken(this.#idEnds),
      rare: this.#rare,
      owners: this.#owners,
      damaged: this.#damaged,
      failure,
    };
  }
}

function append(column: Column<Uint8Array<ArrayBuffer>>, bytes: Uint8Array): void {
  const at = column.length;
  column.extend(bytes.length);
  column.values.set(bytes, at);
}

function taken<T extends Numbers>(column: Column<T>): T {
  return column.values.slice(0, column.length) as T;
}

/** Memory of the columns, in bytes; rare facts not counted. */
export function bytesOf(nodes: TreeNodes): number {
  return nodes.names.length + nodes.nameEnds.length * 57 + nodes.ids.length + nodes.rare.size * 200;
}

/** Row i as a node, views into the columns; facts that a restore does not use are zero. */
export function nodeAt(nodes: TreeNodes, i: number): Node {
  const rare = nodes.rare.get(i) ?? COMMON;
  const owner = nodes.owners[i];
  const from = i === 0 ? 0 : nodes.idEnds[i - 1]!;
  return {
    type: TYPES[nodes.types[i]!]!,
    mode: nodes.modes[i]!,
    mtime: { seconds: nodes.seconds[2 * i]!, nanos: nodes.nanos[2 * i]! },
    atime: { seconds: nodes.seconds[2 * i + 1]!, nanos: nodes.nanos[2 * i + 1]! },
    ctime: ZERO_TIME,
    uid: nodes.uids[i]!,
    gid: nodes.gids[i]!,
    user: owner?.[0] ?? "",
    group: owner?.[1] ?? "",
    inode: rare.inode,
    deviceId: rare.deviceId,
    size: nodes.sizes[i]!,
    links: rare.links,
    linkTarget: rare.linkTarget,
    xattrs: rare.xattrs,
    device: rare.device,
    name: nameAt(nodes, i),
    content: nodes.ids.subarray(from * ID_BYTES, nodes.idEnds[i]! * ID_BYTES),
    subtree: rare.subtree,
  };
}

const COMMON: RareFacts = {
  xattrs: [],
  inode: 0n,
  deviceId: 0n,
  links: 0n,
  linkTarget: undefined,
  device: 0n,
  subtree: undefined,
};

/** Stands in the columns for what could not be decoded. */
const NOTHING: Omit<Node, "name"> = {
  ...COMMON,
  type: "file",
  mode: 0,
  mtime: ZERO_TIME,
  atime: ZERO_TIME,
  ctime: ZERO_TIME,
  uid: 0,
  gid: 0,
  user: "",
  group: "",
  size: 0,
  content: null,
};
