/**
 * The folders that lead to harm: which trees hold which, as pairs of numbers. Eight bytes a folder
 * entry; built only when something is wrong.
 */
import { IdTable } from "#repository/id-table.ts";

/** An entry of a tree that a finding spoils; without a name it is the folder itself. */
export interface HarmedEntry {
  readonly name: Uint8Array | undefined;
  readonly finding: number;
}

export class HarmGraph {
  readonly trees = new IdTable();
  /** By tree number. */
  readonly entries = new Map<number, HarmedEntry[]>();
  readonly #parents: number[] = [];
  readonly #children: number[] = [];
  #harmful: Uint8Array = new Uint8Array(0);
  /** Children of harmful trees that are harmful themselves, as often as they occur. */
  readonly #below = new Map<number, number[]>();

  addEdge(parent: number, child: number): void {
    this.#parents.push(parent);
    this.#children.push(child);
  }

  addEntry(tree: number, entry: HarmedEntry): void {
    const list = this.entries.get(tree);
    if (!list) this.entries.set(tree, [entry]);
    else if (!list.some((e) => e.finding === entry.finding && e.name === entry.name)) {
      list.push(entry);
    }
  }

  /** Call when all is added: finds every tree from which harm is reached. */
  finish(): void {
    const count = this.trees.size;
    const edges = this.#parents.length;
    // Parents by child, in compressed rows.
    const starts = new Uint32Array(count + 1);
    for (const child of this.#children) starts[child + 1]!++;
    for (let i = 0; i < count; i++) starts[i + 1]! += starts[i]!;
    const rows = new Uint32Array(edges);
    const fill = starts.slice();
    for (let e = 0; e < edges; e++) rows[fill[this.#children[e]!]!++] = this.#parents[e]!;
    this.#harmful = new Uint8Array(count);
    const queue = [...this.entries.keys()];
    for (const tree of queue) this.#harmful[tree] = 1;
    for (let tree = queue.pop(); tree !== undefined; tree = queue.pop()) {
      for (let row = starts[tree]!; row < starts[tree + 1]!; row++) {
        const parent = rows[row]!;
        if (this.#harmful[parent]) continue;
        this.#harmful[parent] = 1;
        queue.push(parent);
      }
    }
    for (let e = 0; e < edges; e++) {
      if (!this.#harmful[this.#children[e]!]) continue;
      const list = this.#below.get(this.#parents[e]!);
      if (list) list.push(this.#children[e]!);
      else this.#below.set(this.#parents[e]!, [this.#children[e]!]);
    }
  }

  isHarmful(tree: number): boolean {
    return this.#harmful[tree] === 1;
  }

  below(tree: number): readonly number[] {
    return this.#below.get(tree) ?? [];
  }

  /** Findings that a root reaches. */
  findingsUnder(root: number): Set<number> {
    const found = new Set<number>();
    if (!this.isHarmful(root)) return found;
    const seen = new Set<number>([root]);
    for (const tree of seen) {
      for (const { finding } of this.entries.get(tree) ?? []) found.add(finding);
      for (const child of this.below(tree)) seen.add(child);
    }
    return found;
  }

  /**
   * In how many places each harmful tree occurs below the given roots. Trees name their children by
   * hash, so there are no circles; counts beyond 2^53 are no longer exact.
   * @param roots tree number to how many snapshots have it as root
   */
  occurrences(roots: ReadonlyMap<number, number>): Map<number, number> {
    const waiting = new Map<number, number>();
    const reached = new Set<number>([...roots.keys()].filter((root) => this.isHarmful(root)));
    for (const tree of reached) {
      for (const child of this.below(tree)) {
        waiting.set(child, (waiting.get(child) ?? 0) + 1);
        reached.add(child);
      }
    }
    const counts = new Map<number, number>(roots);
    const ready = [...reached].filter((tree) => !waiting.has(tree));
    for (let tree = ready.pop(); tree !== undefined; tree = ready.pop()) {
      const count = counts.get(tree) ?? 0;
      for (const child of this.below(tree)) {
        counts.set(child, (counts.get(child) ?? 0) + count);
        const left = waiting.get(child)! - 1;
        waiting.set(child, left);
        if (left === 0) ready.push(child);
      }
    }
    return counts;
  }
}
