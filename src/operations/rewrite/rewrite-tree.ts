/**
 * Leaves entries out of trees. What stays keeps its bytes; a tree in which nothing changes keeps
 * its id, and one that cannot be written again without losing something stops the rewriting, as in
 * restic (docs/format.md, section 9).
 */
import { compareBytes, concatBytes, equalBytes, toHex, utf8 } from "#base/bytes.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";
import type { PatternWalk, WalkState } from "#filter/pattern-walk.ts";
import type { Node } from "#format/node.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import { encodeTree } from "#format/tree-encode.ts";
import { patchSubtree } from "#operations/rewrite/patch-subtree.ts";
import { type RewrittenTree, RewrittenTrees } from "#operations/rewrite/rewritten-trees.ts";
import type { Repository } from "#repository/repository.ts";

export interface RewriteFilter {
  readonly walk: PatternWalk;
  /** Whether what matches goes, or what does not. */
  readonly kind: "exclude" | "include";
}

export interface TreeRewriterOptions {
  /** Undefined: nothing is left out; trees are only counted. */
  readonly filter: RewriteFilter | undefined;
  /** Stores a tree and gives its id. */
  save(tree: Uint8Array): Promise<Uint8Array>;
  onRemoved(path: Uint8Array): void;
  readonly signal: AbortSignal | undefined;
}

const SLASH = utf8("/");
const NO_STATE: WalkState = [];

export class TreeRewriter {
  readonly #repo: Repository;
  readonly #options: TreeRewriterOptions;
  readonly #done = new RewrittenTrees();

  constructor(repo: Repository, options: TreeRewriterOptions) {
    this.#repo = repo;
    this.#options = options;
  }

  /** @throws BAD_TREE for a tree that cannot be written again; what loading trees throws */
  root(tree: Uint8Array): Promise<RewrittenTree> {
    const { filter } = this.#options;
    return this.#tree(tree, SLASH, filter ? filter.walk.root : NO_STATE);
  }

  async #tree(tree: Uint8Array, prefix: Uint8Array, state: WalkState): Promise<RewrittenTree> {
    const { filter, signal } = this.#options;
    throwIfAborted(signal);
    const key = filter ? filter.walk.keyOf(state) : "";
    const known = this.#done.get(key, tree);
    if (known) return known;
    const bytes = await this.#repo.loadBlob("tree", tree, { signal });
    const content = new TreeContent(bytes, `tree ${toHex(tree, 0, 4)}`);
    for (const { node, raw } of content.nodes()) {
      const path = concatBytes([prefix, node.name]);
      if (node.type === "dir" && node.subtree) await this.#folder(content, node, raw, path, state);
      else if (this.#keeps(state, node)) content.keepFile(raw, node);
      else this.#remove(content, path);
    }
    const id = content.isChanged ? await this.#options.save(content.encode()) : tree;
    const { entries, files, bytes: size, removed } = content;
    const rewritten = { id, entries, files, bytes: size, removed };
    this.#done.set(key, tree, rewritten);
    return rewritten;
  }

  async #folder(
    content: TreeContent,
    node: Node,
    raw: Uint8Array,
    path: Uint8Array,
    state: WalkState,
  ): Promise<void> {
    const { filter } = this.#options;
    const old = node.subtree!;
    const inside = filter ? filter.walk.enter(state, node.name) : NO_STATE;
    const matches = filter ? filter.walk.matches(state, node.name) : false;
    const mustGo =
      filter?.kind === "exclude"
        ? matches
        : filter && !matches && !filter.walk.mayMatchBelow(inside);
    if (mustGo) {
      this.#remove(content, path);
      return;
    }
    const below = await this.#tree(old, concatBytes([path, SLASH]), inside);
    // A folder that only led to what was looked for goes when nothing was found in it.
    if (filter?.kind === "include" && !matches && below.entries === 0) {
      this.#remove(content, path);
      return;
    }
    const isSame = equalBytes(below.id, old);
    content.keepFolder(isSame ? raw : patchSubtree(raw, old, below.id), below, isSame);
  }

  #keeps(state: WalkState, node: Node): boolean {
    const { filter } = this.#options;
    if (!filter) return true;
    return filter.walk.matches(state, node.name) === (filter.kind === "include");
  }

  #remove(content: TreeContent, path: Uint8Array): void {
    content.remove();
    this.#options.onRemoved(path);
  }
}

/** One tree on its way from old to new bytes. */
class TreeContent {
  isChanged = false;
  entries = 0;
  files = 0;
  bytes = 0;
  removed = 0;
  readonly #old: Uint8Array;
  readonly #what: string;
  readonly #all: Uint8Array[] = [];
  readonly #kept: Uint8Array[] = [];
  #isSorted = true;

  constructor(old: Uint8Array, what: string) {
    this.#old = old;
    this.#what = what;
  }

  *nodes(): Generator<{ node: Node; raw: Uint8Array }> {
    const cursor = new TreeCursor(this.#old, { what: this.#what });
    let before: Uint8Array | undefined;
    while (cursor.next()) {
      const node = cursor.decode();
      const raw = cursor.rawNode;
      this.#all.push(raw);
      if (before && compareBytes(before, node.name) >= 0) this.#isSorted = false;
      before = node.name;
      yield { node, raw };
    }
  }

  keepFile(raw: Uint8Array, node: Node): void {
    this.#keep(raw);
    if (node.type !== "file") return;
    this.files++;
    this.bytes += node.size;
  }

  keepFolder(raw: Uint8Array, below: RewrittenTree, isSame: boolean): void {
    this.#keep(raw);
    this.files += below.files;
    this.bytes += below.bytes;
    this.removed += below.removed;
    this.isChanged ||= !isSame;
  }

  remove(): void {
    this.removed++;
    this.isChanged = true;
  }

  /** @throws BAD_TREE when even the unchanged entries would not give the old bytes */
  encode(): Uint8Array {
    if (!this.#isSorted || !equalBytes(encodeTree(this.#all), this.#old)) {
      throw new CofferError("BAD_TREE", `cannot encode ${this.#what} without losing information`);
    }
    return encodeTree(this.#kept);
  }

  #keep(raw: Uint8Array): void {
    this.entries++;
    this.#kept.push(raw);
  }
}
