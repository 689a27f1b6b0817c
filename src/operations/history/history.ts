/** The `history` command: the versions of one path over snapshots, and what changed with each. */
import { equalBytes, toHex, utf8 } from "#base/bytes.ts";
import { isCofferError, isCorruption, messageOf, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { idToBytes } from "#format/id.ts";
import type { Node } from "#format/node.ts";
import { sameContent, sameLasting } from "#operations/diff/same-node.ts";
import type { Repository } from "#repository/repository.ts";
import { groupSnapshots, type GroupKey } from "#repository/snapshot-filter.ts";
import { openTree } from "#repository/snapshot-path.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/** One version of the path: from a snapshot on, until the next version. */
export interface PathVersion {
  readonly kind: "version";
  readonly group: GroupKey;
  /** The first snapshot that has it. */
  readonly snapshot: StoredSnapshot;
  /** The last one; equal to `snapshot` if there is only one. */
  readonly last: StoredSnapshot;
  /** How many snapshots have it. */
  readonly count: number;
  /** `+` appeared, `-` gone, `T` other type, `M` other content, `U` other metadata. */
  readonly change: "+" | "-" | "T" | "M" | "U";
  /** Undefined when the path is gone. */
  readonly node: Node | undefined;
}

export interface HistoryError {
  readonly kind: "error";
  readonly snapshot: StoredSnapshot;
  readonly message: string;
}

export interface HistoryResult {
  readonly versions: number;
  readonly errors: number;
}

/**
 * Reports versions oldest first, group by group of host and paths, so that two machines' files of
 * one name are not taken for each other. The index is loaded. A folder that several snapshots share
 * is read once; memory is one entry for each distinct folder on the way.
 * @param path from the root of the snapshot
 */
export async function pathHistory(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  path: string,
  context: OperationContext<PathVersion | HistoryError> = {},
): Promise<HistoryResult> {
  const finder = new PathFinder(repo, path, context.signal);
  let versions = 0;
  let errors = 0;
  for (const group of groupSnapshots(snapshots, { host: true, paths: true, tags: false })) {
    const line = new VersionLine(group.key, (version) => {
      versions++;
      context.progress?.(version);
    });
    for (const snapshot of group.snapshots) {
      try {
        line.add(snapshot, await finder.find(idToBytes(snapshot.tree)));
      } catch (error) {
        if (!isCorruption(error) && !isCofferError(error, "MISSING_BLOB", "NOT_FOUND")) throw error;
        errors++;
        context.progress?.({ kind: "error", snapshot, message: messageOf(error) });
      }
    }
    line.end();
  }
  return { versions, errors };
}

/** Looks a path up in many trees; each folder on the way is read once. */
class PathFinder {
  readonly #repo: Repository;
  readonly #names: readonly Uint8Array[];
  readonly #signal: AbortSignal | undefined;
  readonly #known = new Map<string, Node | undefined>();

  constructor(repo: Repository, path: string, signal: AbortSignal | undefined) {
    this.#repo = repo;
    this.#signal = signal;
    this.#names = path
      .split("/")
      .filter((name) => name !== "" && name !== ".")
      .map((name) => utf8(name));
  }

  async find(root: Uint8Array): Promise<Node | undefined> {
    let tree: Uint8Array | undefined = root;
    let node: Node | undefined;
    for (const depth of this.#names.keys()) {
      if (!tree) return undefined;
      node = await this.#entry(tree, depth);
      tree = node?.type === "dir" ? node.subtree : undefined;
    }
    return node;
  }

  async #entry(tree: Uint8Array, depth: number): Promise<Node | undefined> {
    throwIfAborted(this.#signal);
    const key = `${depth}${toHex(tree)}`;
    if (this.#known.has(key)) return this.#known.get(key);
    const cursor = await openTree(this.#repo, tree, { signal: this.#signal });
    let node: Node | undefined;
    while (!node && cursor.next()) {
      if (cursor.nameEquals(this.#names[depth]!)) node = cursor.decode();
    }
    this.#known.set(key, node);
    return node;
  }
}

/** Joins snapshots with equal versions. */
class VersionLine {
  readonly #group: GroupKey;
  readonly #emit: (version: PathVersion) => void;
  #open: { -readonly [K in keyof PathVersion]: PathVersion[K] } | undefined;

  constructor(group: GroupKey, emit: (version: PathVersion) => void) {
    this.#group = group;
    this.#emit = emit;
  }

  add(snapshot: StoredSnapshot, node: Node | undefined): void {
    const open = this.#open;
    const change = changeOf(open?.node, node);
    if (open && change === undefined) {
      open.last = snapshot;
      open.count++;
      return;
    }
    // Before its first appearance there is nothing to tell.
    if (change === undefined) return;
    this.end();
    const group = this.#group;
    this.#open = { kind: "version", group, snapshot, last: snapshot, count: 1, change, node };
  }

  end(): void {
    if (this.#open) this.#emit(this.#open);
    this.#open = undefined;
  }
}

function changeOf(
  before: Node | undefined,
  after: Node | undefined,
): PathVersion["change"] | undefined {
  if (!before || !after) {
    if (before === after) return undefined;
    return before ? "-" : "+";
  }
  if (before.type !== after.type) return "T";
  if (!sameContent(before, after) || !sameTree(before, after)) return "M";
  return sameLasting(before, after) ? undefined : "U";
}

function sameTree(a: Node, b: Node): boolean {
  return a.subtree === undefined || b.subtree === undefined
    ? a.subtree === b.subtree
    : equalBytes(a.subtree, b.subtree);
}
