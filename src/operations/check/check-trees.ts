/**
 * Walks every tree that the snapshots reach, each once however often it occurs, in parallel. Memory
 * is 48 bytes a tree, and the ids not yet visited.
 */
import { toHex } from "#base/bytes.ts";
import { idToBytes } from "#format/id.ts";
import type { TreeProblem } from "#operations/check/check-tree-nodes.ts";
import type { Findings } from "#operations/check/findings.ts";
import { PACK, type PackTable } from "#operations/check/pack-table.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import { type CheckedTree, treeTask } from "#operations/check/tree-task.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Trees in one task: enough to make the message cheap, few enough to share the work. */
const BATCH = 64;

export interface TreeCheckOptions {
  readonly signal?: AbortSignal | undefined;
  /** Mark packs as needed. */
  readonly markPacks: boolean;
  progress(done: number): void;
}

/** @returns how many distinct trees were visited */
export async function checkTrees(
  repo: Repository,
  pool: TaskPool,
  snapshots: readonly StoredSnapshot[],
  packs: PackTable,
  findings: Findings,
  options: TreeCheckOptions,
): Promise<number> {
  const visitor = new TreeVisitor(repo, packs, findings);
  const limit = 2 * pool.size;
  for (const { tree } of snapshots) visitor.enqueue(idToBytes(tree), 0);
  const next = (): (() => Promise<void>) | undefined => {
    if (visitor.waiting === 0) return undefined;
    const ids = visitor.take(Math.ceil(visitor.waiting / limit));
    return async () => {
      const result = await pool.run(treeTask, { ids, wantPacks: options.markPacks });
      result.trees.forEach((tree, i) => visitor.visited(ids.subarray(i * 32, i * 32 + 32), tree));
      for (const pack of result.packs) visitor.need(pack);
      options.progress(visitor.done);
    };
  };
  await runBounded(limit, next, options.signal);
  return visitor.done;
}

class TreeVisitor {
  done = 0;
  readonly #repo: Repository;
  readonly #packs: PackTable;
  readonly #findings: Findings;
  readonly #known = new IdTable();
  /** Numbers of trees not yet visited; taken from the end, so that the walk goes deep first. */
  readonly #stack: number[] = [];

  constructor(repo: Repository, packs: PackTable, findings: Findings) {
    this.#repo = repo;
    this.#packs = packs;
    this.#findings = findings;
  }

  get waiting(): number {
    return this.#stack.length;
  }

  enqueue(ids: Uint8Array, at: number): void {
    const before = this.#known.size;
    if (this.#known.add(ids, at) === before) this.#stack.push(before);
  }

  take(wanted: number): Uint8Array<ArrayBuffer> {
    const numbers = this.#stack.splice(-Math.min(BATCH, wanted));
    const ids = new Uint8Array(numbers.length * 32);
    numbers.forEach((number, i) => ids.set(this.#known.idAt(number), i * 32));
    return ids;
  }

  need(indexNumber: number): void {
    const pack = this.#packs.byIndexNumber[indexNumber];
    if (pack !== undefined) this.#packs.set(pack, PACK.needed);
  }

  visited(id: Uint8Array, tree: CheckedTree): void {
    this.done++;
    if (tree.failure) this.#failed(id, tree.failure);
    for (const problem of tree.problems) this.#problem(id, problem);
    for (let at = 0; at < tree.children.length; at += 32) this.enqueue(tree.children, at);
  }

  #failed(id: Uint8Array, { code, message }: NonNullable<CheckedTree["failure"]>): void {
    const object = { kind: "tree", id: toHex(id) } as const;
    // A missing or cut pack is one error, not one a tree.
    const known = this.#findingOfPacks("tree", id);
    const finding = known >= 0 ? known : this.#findings.error(code, object, message);
    this.#findings.blameBlob("tree", id, finding);
  }

  #problem(tree: Uint8Array, problem: TreeProblem): void {
    const object = { kind: "tree", id: toHex(tree) } as const;
    const { code, message, name, missing, remark } = problem;
    if (remark) {
      this.#findings.remark({ code: "UNSORTED_TREE", object, message });
      return;
    }
    if (missing) {
      this.#missing(missing);
      return;
    }
    const finding = this.#findings.error(code, object, message);
    if (name) this.#findings.blameNode(tree, name, finding);
    else this.#findings.blameBlob("tree", tree, finding);
  }

  /** One error a blob, whoever needs it. */
  #missing(ids: Uint8Array): void {
    const { blame } = this.#findings;
    for (let at = 0; at < ids.length; at += 32) {
      if (blame.data.ids.has(ids, at)) continue;
      const id = ids.slice(at, at + 32);
      const object = { kind: "data", id: toHex(id) } as const;
      const message = `No index names data blob ${toHex(id, 0, 4)}`;
      this.#findings.blameBlob("data", id, this.#findings.error("MISSING_BLOB", object, message));
    }
  }

  #findingOfPacks(type: "data" | "tree", id: Uint8Array): number {
    for (const copy of this.#repo.index.lookupAll(type, id)) {
      const pack = this.#packs.byIndexNumber[copy.pack];
      const finding = pack === undefined ? -1 : this.#packs.finding[pack]!;
      if (finding >= 0) return finding;
    }
    return -1;
  }
}
