/**
 * The rules that a tree must keep: everything that would make a restore fail, lie or leave its
 * target.
 */
import { compareBytes } from "#base/bytes.ts";
import type { ErrorCode } from "#base/error-codes.ts";
import { isCorruption } from "#base/errors.ts";
import { quoteName } from "#format/node-name.ts";
import type { Node } from "#format/node.ts";
import { nameProblem } from "#format/safe-name.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import type { BlobIndex, BlobLocation } from "#repository/blob-index.ts";

const ID_BYTES = 32;

/** Problems reported one by one of one tree; the rest is counted in the last message. */
const MAX_PROBLEMS = 100;

/** Something wrong in a tree. */
export interface TreeProblem {
  readonly code: ErrorCode;
  readonly message: string;
  /** Raw name of the entry; absent when it is the whole tree. */
  readonly name?: Uint8Array;
  /** Ids of data blobs that no index names, joined. */
  readonly missing?: Uint8Array;
  /** Only untidy. */
  readonly remark?: boolean;
}

export interface TreeReport {
  /** Ids of the folders' trees, joined, in order; repeated as often as they occur. */
  readonly children: Uint8Array;
  readonly problems: TreeProblem[];
}

/**
 * Checks all entries of a tree.
 * @param visitPack told the blob-index number of each pack that holds content
 * @throws BAD_TREE when the bytes are no tree
 */
export function checkTreeNodes(
  bytes: Uint8Array,
  what: string,
  index: BlobIndex,
  visitPack?: (pack: number) => void,
): TreeReport {
  const check = new TreeCheck(what, index, visitPack);
  const cursor = new TreeCursor(bytes, { what });
  let previous: Uint8Array | undefined;
  while (cursor.next()) {
    const node = check.entry(cursor);
    previous = check.order(previous, cursor);
    if (node) check.node(node);
  }
  return check.report();
}

class TreeCheck {
  readonly #what: string;
  readonly #index: BlobIndex;
  readonly #visitPack: ((pack: number) => void) | undefined;
  readonly #problems: TreeProblem[] = [];
  #left = 0;
  /** Names seen so far; only filled once the order is broken, when neighbours no longer suffice. */
  #names: Set<string> | undefined;
  #children = new Uint8Array(16 * ID_BYTES);
  #childBytes = 0;
  readonly #location: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };

  constructor(what: string, index: BlobIndex, visitPack: ((pack: number) => void) | undefined) {
    this.#what = what;
    this.#index = index;
    this.#visitPack = visitPack;
  }

  report(): TreeReport {
    if (this.#left > 0) {
      const message = `${this.#what} has ${this.#left} more damaged entries`;
      this.#problems.push({ code: "BAD_TREE", message });
    }
    return { children: this.#children.slice(0, this.#childBytes), problems: this.#problems };
  }

  /** The entry decoded, or undefined after reporting why it cannot be. */
  entry(cursor: TreeCursor): Node | undefined {
    try {
      return cursor.decode();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      const name = readName(cursor);
      this.#add({ code: error.code, message: error.message, ...(name ? { name } : {}) });
      return undefined;
    }
  }

  /** Compares with the name before; a repeated one is an error, a lower one a remark. */
  order(previous: Uint8Array | undefined, cursor: TreeCursor): Uint8Array | undefined {
    const name = readName(cursor);
    if (!name) return previous;
    const order = previous === undefined ? -1 : compareBytes(previous, name);
    if (order > 0 && !this.#names) {
      const message = `The entries of ${this.#what} are not in order at "${quoteName(name)}"`;
      this.#problems.push({ code: "BAD_TREE", message, name, remark: true });
      this.#names = namesBefore(cursor);
    }
    const repeated = order === 0 || this.#names?.has(quoteName(name));
    if (repeated) this.#bad(name, "BAD_TREE", "has the name of another entry");
    this.#names?.add(quoteName(name));
    return name;
  }

  node(node: Node): void {
    const problem = nameProblem(node.name);
    if (problem !== undefined) this.#bad(node.name, "UNSAFE_PATH", `cannot be a name: ${problem}`);
    switch (node.type) {
      case "file":
        this.#file(node);
        break;
      case "dir":
        this.#folder(node);
        break;
      case "symlink":
        if (!node.linkTarget?.length) this.#bad(node.name, "BAD_TREE", "is a link to nowhere");
        break;
      case "dev":
      case "chardev":
      case "fifo":
      case "socket":
        break;
      case "irregular":
      case "":
        this.#bad(node.name, "BAD_TREE", "has no usable type");
        break;
    }
    if (node.type !== "dir" && node.subtree) {
      this.#bad(node.name, "BAD_TREE", "has a subtree but is no folder");
    }
    if (node.type !== "file" && node.content?.length) {
      this.#bad(node.name, "BAD_TREE", "has content but is no file");
    }
  }

  #file({ name, content, size }: Node): void {
    if (!content) {
      this.#bad(name, "BAD_TREE", "has no list of content");
      return;
    }
    let sum = 0;
    const missing: Uint8Array[] = [];
    for (let at = 0; at < content.length; at += ID_BYTES) {
      const id = content.subarray(at, at + ID_BYTES);
      if (!this.#index.lookup("data", id, this.#location)) {
        missing.push(id);
        continue;
      }
      const { pack, length, rawLength } = this.#location;
      sum += rawLength || length - ID_BYTES;
      this.#visitPack?.(pack);
    }
    if (missing.length > 0) {
      const ids = new Uint8Array(missing.length * ID_BYTES);
      missing.forEach((id, i) => ids.set(id, i * ID_BYTES));
      const message = `"${quoteName(name)}" needs ${missing.length} blobs that no index names`;
      this.#add({ code: "MISSING_BLOB", message, name, missing: ids });
    } else if (sum !== size) {
      this.#bad(name, "BAD_TREE", `claims ${size} bytes, its content has ${sum}`);
    }
  }

  #folder({ name, subtree }: Node): void {
    if (!subtree || subtree.every((byte) => byte === 0)) {
      this.#bad(name, "BAD_TREE", "is a folder without subtree");
      return;
    }
    if (this.#childBytes === this.#children.length) {
      const grown = new Uint8Array(this.#children.length * 2);
      grown.set(this.#children);
      this.#children = grown;
    }
    this.#children.set(subtree, this.#childBytes);
    this.#childBytes += ID_BYTES;
  }

  #bad(name: Uint8Array, code: ErrorCode, reason: string): void {
    const message = `"${quoteName(name)}" in ${this.#what.toLowerCase()} ${reason}`;
    this.#add({ code, message, name });
  }

  #add(problem: TreeProblem): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
    else this.#left++;
  }
}

/** The current entry's name, or undefined when its quoting is malformed. */
function readName(cursor: TreeCursor): Uint8Array | undefined {
  try {
    return cursor.name;
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return undefined;
  }
}

/** Names up to the current entry, without it. */
function namesBefore(cursor: TreeCursor): Set<string> {
  const names = new Set<string>();
  const again = new TreeCursor(cursor.bytes);
  while (again.next() && again.nodeStart < cursor.nodeStart) {
    const name = readName(again);
    if (name) names.add(quoteName(name));
  }
  return names;
}
