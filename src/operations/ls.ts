/**
 * The `ls` command: the entries of a snapshot, with restic's meaning of paths and `--recursive`.
 */
import { compareBytes, concatBytes, utf8 } from "#base/bytes.ts";
import { throwIfAborted } from "#base/errors.ts";
import { compareTimestamps } from "#base/timestamp.ts";
import type { Node } from "#format/node.ts";
import type { TreeCursor } from "#format/tree-decode.ts";
import type { Repository } from "#repository/repository.ts";
import { openTree } from "#repository/snapshot-path.ts";

export type LsSort = "name" | "size" | "time" | "mtime" | "atime" | "ctime" | "extension";

export interface LsOptions {
  /** Absolute paths within the snapshot; only they and what lies directly in them. Default all. */
  readonly paths?: readonly string[];
  /** With paths: also what lies deeper. */
  readonly recursive?: boolean;
  /** Default the order of the trees, which is by name within each folder and needs no memory. */
  readonly sort?: LsSort;
  readonly reverse?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface LsEntry {
  /** Raw bytes, from `/`. Not safe for terminals. */
  readonly path: Uint8Array;
  /** 0 for entries of the root tree. */
  readonly depth: number;
  readonly node: Node;
}

interface Folder {
  readonly cursor: TreeCursor;
  /** With a trailing slash. */
  readonly prefix: Uint8Array;
}

const SLASH = utf8("/");

/**
 * Yields entries as they are read: folder first, then what it holds. Memory is one tree a level, or
 * all entries with `sort` or `reverse`.
 * @param root 32-byte id of the tree
 * @throws BAD_TREE, MISSING_BLOB and what loading blobs throws
 */
export async function* listTree(
  repo: Repository,
  root: Uint8Array,
  options: LsOptions = {},
): AsyncGenerator<LsEntry> {
  const inTreeOrder = (options.sort ?? "name") === "name" && !options.reverse;
  if (inTreeOrder) {
    yield* walk(repo, root, options);
    return;
  }
  const entries: LsEntry[] = [];
  for await (const entry of walk(repo, root, options)) entries.push(entry);
  entries.sort(ORDER[options.sort ?? "name"]);
  if (options.reverse) entries.reverse();
  yield* entries;
}

async function* walk(
  repo: Repository,
  root: Uint8Array,
  options: LsOptions,
): AsyncGenerator<LsEntry> {
  const scope = new Scope(options);
  const { signal } = options;
  const stack: Folder[] = [{ cursor: await openTree(repo, root, { signal }), prefix: SLASH }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    throwIfAborted(signal);
    if (!top.cursor.next()) {
      stack.pop();
      continue;
    }
    const node = top.cursor.decode();
    const path = concatBytes([top.prefix, node.name]);
    if (scope.shows(path)) yield { path, depth: stack.length - 1, node };
    if (node.type === "dir" && node.subtree && scope.enters(path)) {
      const cursor = await openTree(repo, node.subtree, { signal });
      stack.push({ cursor, prefix: concatBytes([path, SLASH]) });
    }
  }
}

/** Which entries the path arguments select. */
class Scope {
  readonly #paths: readonly Uint8Array[];
  readonly #recursive: boolean;

  constructor({ paths = [], recursive = false }: LsOptions) {
    this.#paths = paths.map((path) => utf8(`/${path.split("/").filter(Boolean).join("/")}`));
    this.#recursive = recursive;
  }

  shows(path: Uint8Array): boolean {
    return this.#paths.length === 0 || this.#paths.some((asked) => isWithin(path, asked));
  }

  enters(path: Uint8Array): boolean {
    if (this.#paths.length === 0) return true;
    if (this.#recursive && this.shows(path)) return true;
    return this.#paths.some((asked) => isWithin(asked, path));
  }
}

/** Whether `path` is `folder` or lies below it. */
function isWithin(path: Uint8Array, folder: Uint8Array): boolean {
  if (folder.length === 1) return true;
  if (path.length < folder.length) return false;
  for (let i = 0; i < folder.length; i++) if (path[i] !== folder[i]) return false;
  return path.length === folder.length || path[folder.length] === SLASH[0];
}

const byPath = (a: LsEntry, b: LsEntry): number => compareBytes(a.path, b.path);
const byTime =
  (field: "mtime" | "atime" | "ctime") =>
  (a: LsEntry, b: LsEntry): number =>
    compareTimestamps(a.node[field], b.node[field]) || byPath(a, b);

const ORDER: Readonly<Record<LsSort, (a: LsEntry, b: LsEntry) => number>> = {
  name: byPath,
  size: (a, b) => a.node.size - b.node.size || byPath(a, b),
  time: byTime("mtime"),
  mtime: byTime("mtime"),
  atime: byTime("atime"),
  ctime: byTime("ctime"),
  extension: (a, b) => compareBytes(extensionOf(a), extensionOf(b)) || byPath(a, b),
};

/** From the last dot of the name on, dot included; empty without one. */
function extensionOf({ node }: LsEntry): Uint8Array {
  const dot = node.name.lastIndexOf(0x2e);
  return dot < 0 ? new Uint8Array() : node.name.subarray(dot);
}
