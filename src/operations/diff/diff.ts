/** The `diff` command: two stored trees compared, with restic's meaning of every mark and count. */
import { concatBytes, equalBytes, toHex, utf8 } from "#base/bytes.ts";
import { isCofferError, isCorruption, messageOf, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { AFTER, BEFORE, BlobMarks, BOTH } from "#operations/diff/blob-marks.ts";
import {
  countEntry,
  type DiffCounts,
  type DiffEvent,
  type DiffStats,
  emptyStats,
} from "#operations/diff/diff-types.ts";
import { sameContent, sameMeta, sameNode } from "#operations/diff/same-node.ts";
import { pairUp, readEntries, type TreeEntry } from "#operations/diff/tree-entries.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";
import { openTree } from "#repository/snapshot-path.ts";

export interface DiffOptions {
  /** Also report entries of which only the metadata differ. */
  readonly metadata: boolean;
}

const SLASH = utf8("/");
const NOTHING: readonly TreeEntry[] = [];

/**
 * Compares two trees; the index is loaded. Changes come in order of their paths, folders before
 * what they hold. Memory is the trees along one path and 50 bytes for each blob near a difference.
 * Equal folders are read only to tell whether a blob of one side is used there too.
 * @param before 32-byte id of the tree that is compared
 * @param after 32-byte id of the tree that it is compared with
 * @throws what loading the two roots throws; unreadable folders below are error events
 */
export async function diffTrees(
  repo: Repository,
  before: Uint8Array,
  after: Uint8Array,
  options: DiffOptions,
  context: OperationContext<DiffEvent> = {},
): Promise<DiffStats> {
  const run = new TreeDiff(repo, options, context);
  run.marks.tree(before, BEFORE);
  run.marks.tree(after, AFTER);
  if (!equalBytes(before, after)) await run.compare(SLASH, before, after);
  await run.settleEqualFolders();
  run.marks.count(repo, run.stats);
  return run.stats;
}

class TreeDiff {
  readonly marks = new BlobMarks();
  readonly stats = emptyStats();
  readonly #repo: Repository;
  readonly #options: DiffOptions;
  readonly #context: OperationContext<DiffEvent>;
  /** Folders that are equal on both sides. */
  readonly #equal = new IdTable();

  constructor(repo: Repository, options: DiffOptions, context: OperationContext<DiffEvent>) {
    this.#repo = repo;
    this.#options = options;
    this.#context = context;
  }

  /** @param prefix path of the folder, with a slash at the end */
  async compare(prefix: Uint8Array, before: Uint8Array, after: Uint8Array): Promise<void> {
    const { signal } = this.#context;
    throwIfAborted(signal);
    const [left, right] = await Promise.all([
      readEntries(this.#repo, before, { signal }),
      readEntries(this.#repo, after, { signal }),
    ]);
    for (const { a, b } of pairUp(left, right)) {
      if (a && b) await this.#both(prefix, a, b);
      else if (a) await this.#oneSided(prefix, a, "-", this.stats.removed, BEFORE);
      else if (b) await this.#oneSided(prefix, b, "+", this.stats.added, AFTER);
    }
  }

  /** Looks into equal folders while it is open whether a blob is used by one side alone. */
  async settleEqualFolders(): Promise<void> {
    for (let number = 0; number < this.#equal.size && this.marks.isOpen; number++) {
      throwIfAborted(this.#context.signal);
      const tree = this.#equal.idAt(number);
      await this.#tolerate(utf8(toHex(tree)), async () => {
        const cursor = await openTree(this.#repo, tree, { signal: this.#context.signal });
        while (cursor.next()) {
          const node = cursor.decode();
          this.marks.settle(node);
          if (node.type === "dir" && node.subtree) this.#equal.add(node.subtree);
        }
      });
    }
  }

  async #both(prefix: Uint8Array, a: TreeEntry, b: TreeEntry): Promise<void> {
    if (equalBytes(a.raw, b.raw)) {
      this.marks.node(a.node, BOTH);
      if (a.node.type === "dir" && a.node.subtree) this.#equal.add(a.node.subtree);
      return;
    }
    this.marks.node(a.node, BEFORE);
    this.marks.node(b.node, AFTER);
    const path = pathOf(prefix, b);
    const modifier = this.#modifier(a, b);
    if (modifier !== "") this.#context.progress?.({ kind: "change", path, modifier });
    const from = a.node.type === "dir" ? a.node.subtree : undefined;
    const to = b.node.type === "dir" ? b.node.subtree : undefined;
    if (!from || !to) return;
    if (equalBytes(from, to)) this.#equal.add(from);
    else await this.#tolerate(path, () => this.compare(path, from, to));
  }

  #modifier({ node: a }: TreeEntry, { node: b }: TreeEntry): string {
    const type = a.type === b.type ? "" : "T";
    if (a.type === "file" && b.type === "file" && !sameContent(a, b)) {
      this.stats.changedFiles++;
      // Other content under the same times and inode: likely that bits rotted.
      return `${type}M${sameMeta(a, b) ? "?" : ""}`;
    }
    return `${type}${this.#options.metadata && !sameNode(a, b) ? "U" : ""}`;
  }

  async #oneSided(
    prefix: Uint8Array,
    entry: TreeEntry,
    modifier: string,
    counts: DiffCounts,
    mark: number,
  ): Promise<void> {
    const { node } = entry;
    const path = pathOf(prefix, entry);
    this.#context.progress?.({ kind: "change", path, modifier });
    countEntry(counts, node.type);
    this.marks.node(node, mark);
    const { subtree } = node;
    if (node.type !== "dir" || !subtree) return;
    await this.#tolerate(path, async () => {
      const { signal } = this.#context;
      throwIfAborted(signal);
      const inside = await readEntries(this.#repo, subtree, { signal });
      for (const { a } of pairUp(inside, NOTHING)) {
        await this.#oneSided(path, a!, modifier, counts, mark);
      }
    });
  }

  async #tolerate(path: Uint8Array, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "MISSING_BLOB", "NOT_FOUND")) throw error;
      this.stats.errors++;
      this.#context.progress?.({ kind: "error", path, message: messageOf(error) });
    }
  }
}

function pathOf(prefix: Uint8Array, { name, node }: TreeEntry): Uint8Array {
  return concatBytes(node.type === "dir" ? [prefix, name, SLASH] : [prefix, name]);
}
