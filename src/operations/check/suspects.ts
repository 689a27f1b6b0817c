/**
 * Blobs that may be lost: those of missing, cut or unreadable packs, and those that failed to
 * decode. Each is tried from all its copies before anything is said to be harmed.
 */
import { blobTask } from "#operations/check/blob-task.ts";
import type { Findings } from "#operations/check/findings.ts";
import { PACK, type PackTable } from "#operations/check/pack-table.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import type { BlobType } from "#repository/blob-index.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

const BATCH = 64;

/** One type's suspects: ids, and for each the findings that made it one. */
class SuspectBlobs {
  readonly ids = new IdTable();
  readonly findings: number[][] = [];

  add(id: Uint8Array, finding: number): void {
    const list = (this.findings[this.ids.add(id)] ??= []);
    if (!list.includes(finding)) list.push(finding);
  }
}

export class Suspects {
  readonly #repo: Repository;
  readonly #packs: PackTable;
  readonly #findings: Findings;
  readonly #blobs: Readonly<Record<BlobType, SuspectBlobs>> = {
    data: new SuspectBlobs(),
    tree: new SuspectBlobs(),
  };
  readonly #wholePacks = new Set<number>();

  constructor(repo: Repository, packs: PackTable, findings: Findings) {
    this.#repo = repo;
    this.#packs = packs;
    this.#findings = findings;
  }

  addBlob(type: BlobType, id: Uint8Array, finding: number): void {
    this.#blobs[type].add(id, finding);
  }

  /** All that the index places in a pack. */
  addPack(pack: number): void {
    this.#wholePacks.add(pack);
  }

  /** Tries every suspect and blames the findings of those that no copy gives. */
  async resolve(pool: TaskPool, signal: AbortSignal | undefined): Promise<void> {
    this.#expandPacks();
    for (const type of ["tree", "data"] as const) await this.#resolveType(type, pool, signal);
  }

  #expandPacks(): void {
    for (let pack = 0; pack < this.#packs.size; pack++) {
      const sound = this.#packs.actualSize[pack] === this.#packs.expectedSize[pack];
      const indexed = this.#packs.has(pack, PACK.indexed);
      if (indexed && this.#packs.has(pack, PACK.faulty) && !sound) this.#wholePacks.add(pack);
    }
    if (this.#wholePacks.size === 0) return;
    this.#repo.index.forEach((type, id, location) => {
      const pack = this.#packs.byIndexNumber[location.pack];
      if (pack === undefined || !this.#wholePacks.has(pack)) return;
      this.#blobs[type].add(id, this.#packs.finding[pack]!);
    });
  }

  async #resolveType(
    type: BlobType,
    pool: TaskPool,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { ids, findings } = this.#blobs[type];
    const blame = (number: number): void => {
      for (const finding of findings[number]!) {
        this.#findings.blameBlob(type, ids.idAt(number), finding);
      }
    };
    let at = 0;
    const next = (): (() => Promise<void>) | undefined => {
      const numbers: number[] = [];
      while (at < ids.size && numbers.length < BATCH) {
        const number = at++;
        if (this.#isGone(type, ids.idAt(number))) blame(number);
        else numbers.push(number);
      }
      if (numbers.length === 0) return undefined;
      return async () => {
        const batch = new Uint8Array(numbers.length * 32);
        numbers.forEach((number, i) => batch.set(ids.idAt(number), i * 32));
        const lost = await pool.run(blobTask, { type, ids: batch });
        for (const position of lost) blame(numbers[position]!);
      };
    };
    await runBounded(2 * pool.size, next, signal);
  }

  /** True when every copy lies in a missing pack: no need to ask the storage once a blob. */
  #isGone(type: BlobType, id: Uint8Array): boolean {
    return this.#repo.index.lookupAll(type, id).every((copy) => {
      const pack = this.#packs.byIndexNumber[copy.pack];
      return pack !== undefined && !this.#packs.has(pack, PACK.present);
    });
  }

  /** Packs that are there but damaged. */
  brokenPacks(): string[] {
    const ids: string[] = [];
    for (let pack = 0; pack < this.#packs.size; pack++) {
      const faulty = this.#packs.has(pack, PACK.faulty) && this.#packs.has(pack, PACK.present);
      if (faulty) ids.push(this.#packs.id(pack));
    }
    return ids.toSorted();
  }
}
