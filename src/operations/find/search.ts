/**
 * The walk that searches have in common: depth first over snapshots, trees that gave nothing
 * remembered, unreadable folders reported and passed over.
 */
import { concatBytes, utf8 } from "#base/bytes.ts";
import { isCofferError, isCorruption, messageOf, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { idToBytes } from "#format/id.ts";
import type { Node } from "#format/node.ts";
import { EmptyTrees } from "#operations/find/empty-trees.ts";
import type { FindEvent, FindResult } from "#operations/find/find-types.ts";
import type { Repository } from "#repository/repository.ts";
import { openTree } from "#repository/snapshot-path.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/** What a search does at each entry. `State` is what it knows of a folder. */
export interface Search<State> {
  readonly root: State;
  /** Equal for folders' states that give equal answers. */
  keyOf(state: State): string;
  /** False: do not read the folder. */
  mayMatchBelow(state: State): boolean;
  enter(state: State, name: Uint8Array): State;
  /** What is to be reported of an entry. */
  entry(place: Place<State>): readonly FindEvent[];
}

export interface Place<State> {
  readonly state: State;
  readonly node: Node;
  readonly path: Uint8Array;
  /** 32-byte id of the tree that holds the entry. */
  readonly tree: Uint8Array;
  readonly snapshot: StoredSnapshot;
}

const SLASH = utf8("/");

/** Memory: the trees along one path, and 50 bytes a tree that gave nothing. */
export class SearchRun<State> {
  readonly #repo: Repository;
  readonly #search: Search<State>;
  readonly #context: OperationContext<FindEvent>;
  readonly #empty = new EmptyTrees();
  #found = 0;
  #errors = 0;

  constructor(repo: Repository, search: Search<State>, context: OperationContext<FindEvent>) {
    this.#repo = repo;
    this.#search = search;
    this.#context = context;
  }

  get result(): FindResult {
    return { found: this.#found, errors: this.#errors };
  }

  report(event: FindEvent): void {
    if (event.kind === "error") this.#errors++;
    else this.#found++;
    this.#context.progress?.(event);
  }

  async snapshot(snapshot: StoredSnapshot): Promise<void> {
    await this.#folder(idToBytes(snapshot.tree), SLASH, this.#search.root, snapshot);
  }

  /** Returns whether anything was found, or could not be read. */
  async #folder(
    tree: Uint8Array,
    prefix: Uint8Array,
    state: State,
    snapshot: StoredSnapshot,
  ): Promise<boolean> {
    const { signal } = this.#context;
    throwIfAborted(signal);
    const key = this.#search.keyOf(state);
    if (this.#empty.has(key, tree)) return false;
    let any = false;
    try {
      const cursor = await openTree(this.#repo, tree, { signal });
      while (cursor.next()) {
        const node = cursor.decode();
        const path = concatBytes([prefix, node.name]);
        for (const event of this.#search.entry({ state, node, path, tree, snapshot })) {
          any = true;
          this.report(event);
        }
        if (node.type !== "dir" || !node.subtree) continue;
        const inside = this.#search.enter(state, node.name);
        if (!this.#search.mayMatchBelow(inside)) continue;
        const below = concatBytes([path, SLASH]);
        if (await this.#folder(node.subtree, below, inside, snapshot)) any = true;
      }
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "MISSING_BLOB", "NOT_FOUND")) throw error;
      this.report({ kind: "error", snapshot, path: prefix, message: messageOf(error) });
      return true;
    }
    if (!any) this.#empty.add(key, tree);
    return any;
  }
}
