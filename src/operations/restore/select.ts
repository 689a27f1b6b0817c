/**
 * Walks the trees of a snapshot and lists what is to be restored. Nothing is allocated on a tree's
 * word: names, repeated names and sizes are checked here, before anything is written
 * (docs/format.md, section 9). Iterative, so that depth costs no stack.
 */
import { compareBytes, fromUtf8, toHex } from "#base/bytes.ts";
import { CofferError, isCofferError, messageOf, throwIfAborted } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";
import type { Node } from "#format/node.ts";
import { validateNodeName } from "#format/safe-name.ts";
import { BlobTable } from "#operations/restore/blob-table.ts";
import { EntryTable, KIND, nameAt } from "#operations/restore/entry-table.ts";
import { FolderTable } from "#operations/restore/folder-table.ts";
import { HardLinks } from "#operations/restore/hard-links.ts";
import { RepeatWatch } from "#operations/restore/count-entries.ts";
import type { MetaTableOptions } from "#operations/restore/meta-table.ts";
import { NameOrder } from "#operations/restore/name-order.ts";
import { nodeAt, type Damage, type TreeNodes } from "#operations/restore/tree-nodes.ts";
import { TreeReader, type TreeWindows } from "#operations/restore/tree-reader.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Bits of a filter's answer. */
export const WANTED = { self: 1, inside: 2 } as const;

/**
 * Judges a path within the tree (raw bytes, from `/`).
 * @returns a sum of {@link WANTED}: the entry itself; whether something inside it may be wanted
 */
export type PathFilter = (path: Uint8Array, isFolder: boolean) => number;

export interface SelectOptions extends MetaTableOptions {
  readonly filter: PathFilter | undefined;
  readonly maxEntries: number;
  readonly signal: AbortSignal | undefined;
  /** Told of each entry that is left out because it is damaged or hostile. */
  readonly failed: (item: string, error: CofferError) => void;
}

const NOTHING = new Uint8Array(0);

/** What is to be restored, gathered tree by tree. */
export class Selection {
  readonly folders: FolderTable;
  readonly entries: EntryTable;
  readonly blobs: BlobTable;
  readonly #options: SelectOptions;
  readonly #links: HardLinks;
  /** Path of the folder being read; only kept where a filter asks for it. */
  #path: Uint8Array = NOTHING;

  constructor(repository: Repository, rootTree: Uint8Array, options: SelectOptions) {
    this.#options = options;
    this.folders = new FolderTable(options, rootTree);
    this.entries = new EntryTable(options, this.folders);
    this.blobs = new BlobTable(repository.index);
    this.#links = new HardLinks(this.entries);
  }

  /**
   * Adds everything below a folder; returns the rows of its subfolders to walk.
   * @throws the error at which the tree ended early, after what came before it was added
   */
  addTree(folder: number, tree: TreeWindows): number[] {
    const { filter } = this.#options;
    this.#path = filter === undefined ? NOTHING : this.folders.path(folder);
    const inside: number[] = [];
    const order = new NameOrder();
    for (const nodes of tree) {
      order.enter(nodes);
      for (let i = 0; i < nodes.nameEnds.length; i++) {
        try {
          this.#addNode(folder, nodes, i, order, inside);
        } catch (error) {
          // A damaged or hostile entry costs itself, not its neighbours.
          if (!isCofferError(error)) throw error;
          const named = nodes.damaged.get(i)?.named ?? true;
          const shown = named ? fromUtf8(nameAt(nodes, i)) : "?";
          this.#options.failed(`${this.folders.pathText(folder)}/${shown}`, error);
        }
        this.#checkCount();
      }
      if (nodes.failure !== undefined) throw errorOf(nodes.failure);
    }
    return inside;
  }

  #addNode(folder: number, nodes: TreeNodes, i: number, order: NameOrder, inside: number[]): void {
    const damage = nodes.damaged.size === 0 ? undefined : nodes.damaged.get(i);
    if (damage?.named === false) throw errorOf(damage);
    const name = nameAt(nodes, i);
    validateNodeName(name);
    order.check(name, i);
    if (damage !== undefined) throw errorOf(damage);
    const node = nodeAt(nodes, i);
    const { filter } = this.#options;
    const wanted = filter === undefined ? 3 : this.#judge(node, filter);
    if (wanted !== 0) this.#add(folder, node, wanted, inside);
  }

  #judge({ name, type }: Node, filter: PathFilter): number {
    const path = new Uint8Array(this.#path.length + 1 + name.length);
    path.set(this.#path);
    path[this.#path.length] = 0x2f;
    path.set(name, this.#path.length + 1);
    return filter(path, type === "dir");
  }

  #checkCount(): void {
    const { maxEntries } = this.#options;
    if (this.folders.length + this.entries.length <= maxEntries) return;
    const message = `The snapshot holds more than ${maxEntries} entries`;
    throw new CofferError("TOO_LARGE", message, { data: { fatal: true } });
  }

  #add(folder: number, node: Node, wanted: number, inside: number[]): void {
    if (node.type === "dir") {
      this.#addFolder(folder, node, wanted, inside);
      return;
    }
    if ((wanted & WANTED.self) === 0) return;
    switch (node.type) {
      case "file":
        this.#addFile(folder, node);
        break;
      case "symlink":
        this.#addSpecial(folder, node, KIND.symlink);
        break;
      case "dev":
      case "chardev":
      case "fifo":
        this.#addSpecial(folder, node, KIND.special);
        break;
      case "socket":
        // A socket lives as long as its program; restic leaves it out too.
        break;
      case "irregular":
      case "":
        throw new CofferError("BAD_TREE", "The entry is of no type that can be restored");
    }
  }

  #addFolder(folder: number, node: Node, wanted: number, inside: number[]): void {
    if (node.subtree?.length !== ID_BYTES) {
      throw new CofferError("BAD_TREE", "The folder names no tree");
    }
    const row = this.folders.push(folder, node.name, node.subtree, node);
    if ((wanted & WANTED.self) !== 0) this.folders.need(row);
    if ((wanted & WANTED.inside) !== 0) inside.push(row);
  }

  #addFile(folder: number, node: Node): void {
    const first = this.#links.firstOf(node);
    const from = this.entries.content.length;
    this.#addContent(node);
    const shared = first !== undefined && this.#sameContent(first, from);
    if (shared) this.entries.content.cut(from);
    const row = this.entries.push(folder, node, shared ? KIND.hardLink : KIND.file);
    if (shared) this.entries.linkedTo.set(row, first);
    else this.#links.add(node, row);
    this.folders.need(folder);
  }

  /** Pushes the rows of a file's blobs. Its size must be the sum of theirs. */
  #addContent(node: Node): void {
    const { content } = this.entries;
    const from = content.length;
    const ids = node.content ?? NOTHING;
    let size = 0;
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      const blob = this.blobs.rowOf(ids.subarray(at, at + ID_BYTES));
      if (blob === undefined) {
        content.cut(from);
        const message = `No index names data blob ${toHex(ids, at, at + 4)}`;
        throw new CofferError("MISSING_BLOB", message);
      }
      content.push(blob);
      size += this.blobs.plainLength(blob);
    }
    if (size === node.size) return;
    content.cut(from);
    const message = `The file claims ${node.size} bytes but its content has ${size}`;
    throw new CofferError("BAD_TREE", message);
  }

  /** Whether an entry's content is what stands at the end of the content column. */
  #sameContent(row: number, from: number): boolean {
    const { content } = this.entries;
    const start = this.entries.contentStart(row);
    const count = this.entries.blobCount(row);
    if (count !== content.length - from) return false;
    for (let i = 0; i < count; i++) {
      if (content.values[start + i] !== content.values[from + i]) return false;
    }
    return true;
  }

  #addSpecial(folder: number, node: Node, kind: number): void {
    const linkTarget = node.linkTarget ?? NOTHING;
    if (kind === KIND.symlink && (linkTarget.length === 0 || linkTarget.includes(0))) {
      throw new CofferError("BAD_TREE", "The link has no usable target");
    }
    const first = this.#links.firstOf(node);
    if (first !== undefined && this.#sameSpecial(first, node, linkTarget)) {
      this.entries.linkedTo.set(this.entries.push(folder, node, KIND.hardLink), first);
    } else {
      const row = this.entries.push(folder, node, kind);
      this.entries.special.set(row, { type: node.type, linkTarget, device: node.device });
      this.#links.add(node, row);
    }
    this.folders.need(folder);
  }

  #sameSpecial(row: number, node: Node, linkTarget: Uint8Array): boolean {
    const other = this.entries.special.get(row);
    if (other === undefined || other.type !== node.type) return false;
    return other.device === node.device && compareBytes(other.linkTarget, linkTarget) === 0;
  }
}

function errorOf({ code, message }: Damage): CofferError {
  return new CofferError(code, message);
}

/**
 * Lists everything to restore below a tree.
 * @throws the root tree's error, ABORTED, TOO_LARGE; other trees' errors are reported and passed
 *   over
 */
export async function select(
  repository: Repository,
  pool: TaskPool,
  rootTree: Uint8Array,
  options: SelectOptions,
): Promise<Selection> {
  const selection = new Selection(repository, rootTree, options);
  const { folders } = selection;
  const { names, signal } = options;
  const treeOf = (row: number): Uint8Array => folders.tree(row);
  const reader = new TreeReader({ repository, pool, treeOf, names, signal });
  const repeats = new RepeatWatch(repository, rootTree, options);
  // Last in, first out: the order in which a backup wrote the files, so packs are needed in order.
  const waiting = [0];
  while (waiting.length > 0) {
    throwIfAborted(signal);
    const row = waiting.pop()!;
    await repeats.visit(folders.tree(row));
    let inside: number[];
    try {
      inside = selection.addTree(row, await reader.read(row, waiting));
    } catch (error) {
      if (row === 0 || !isCofferError(error) || isFatal(error)) throw error;
      const path = folders.pathText(row);
      const message = `Its folder list could not be read: ${messageOf(error)}`;
      options.failed(path, new CofferError(error.code, message, { cause: error }));
      continue;
    }
    for (let i = inside.length - 1; i >= 0; i--) waiting.push(inside[i]!);
  }
  return selection;
}

function isFatal(error: CofferError): boolean {
  return error.code === "ABORTED" || error.code === "INTERNAL" || error.data["fatal"] === true;
}
