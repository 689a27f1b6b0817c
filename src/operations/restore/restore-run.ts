/**
 * The phases of a restore after the selection; see restore.ts. Each one ends before the next
 * begins.
 */
import { throwIfAborted } from "#base/errors.ts";
import { removeForeign } from "#operations/restore/delete-phase.ts";
import { KIND, STATE } from "#operations/restore/entry-table.ts";
import { Flight } from "#operations/restore/flight.ts";
import { FOLDER } from "#operations/restore/folder-table.ts";
import type { RestoreOptions } from "#operations/restore/options.ts";
import { ContentPlan, contentSlice } from "#operations/restore/plan.ts";
import type { RestoreReport } from "#operations/restore/report.ts";
import type { PathFilter, Selection } from "#operations/restore/select.ts";
import type { SessionKey } from "#operations/restore/session.ts";
import { compareTask, type CompareInput } from "#operations/restore/task-compare.ts";
import { contentTask } from "#operations/restore/task-content.ts";
import { createTask, finishTask } from "#operations/restore/task-files.ts";
import { folderMetaTask } from "#operations/restore/task-folder-end.ts";
import { foldersTask } from "#operations/restore/task-folders.ts";
import { linksTask } from "#operations/restore/task-links.ts";
import type { Repository } from "#repository/repository.ts";
import type { Task, TaskPool } from "#repository/task-pool.ts";

/** Entries of one message: large enough to hide its cost, small enough to stop soon. */
const BATCH_ENTRIES = 1024;
/** Bytes of one message's files where their content is read. */
const BATCH_BYTES = 16 * 1024 * 1024;
/** Runs under way for each thread: one works while the other's bytes arrive. */
const RUNS_PER_THREAD = 2;

export interface RunParts {
  readonly repository: Repository;
  readonly pool: TaskPool;
  readonly options: RestoreOptions;
  readonly signal: AbortSignal | undefined;
  readonly filter: PathFilter | undefined;
  readonly selection: Selection;
  readonly report: RestoreReport;
  readonly session: SessionKey;
}

export class RestoreRun {
  readonly #parts: RunParts;
  readonly #dryRun: boolean;
  /**
   * Folders in the way of files may go with what is in them: all that is not selected goes anyway.
   */
  readonly #deep: boolean;
  /** 1 for each content blob that is on the target already. */
  #matches: Uint8Array | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#dryRun = parts.options.dryRun ?? false;
    this.#deep = (parts.options.delete ?? false) && parts.filter === undefined;
  }

  async all(): Promise<void> {
    const { options, report } = this.#parts;
    report.phase("folders");
    await this.#makeFolders();
    report.phase("compare");
    await this.#compare();
    this.#countTotals();
    report.status();
    if (this.#dryRun) this.#pretend();
    else await this.#write();
    if (options.delete) {
      report.phase("delete");
      await removeForeign(this.#parts);
    }
    report.phase("metadata");
    await this.#finishFolders();
    if (options.verify && !this.#dryRun) {
      report.phase("verify");
      await this.#verify();
    }
  }

  async #run<Input, Output>(task: Task<Input, Output>, input: Input): Promise<Output> {
    throwIfAborted(this.#parts.signal);
    return this.#parts.pool.run(task, input);
  }

  /** Runs work over batches of rows, several at once. */
  async #inBatches(
    batches: Iterable<Uint32Array>,
    work: (rows: Uint32Array) => Promise<void>,
  ): Promise<void> {
    const flight = new Flight(this.#parts.pool.size * RUNS_PER_THREAD);
    try {
      for (const rows of batches) await flight.start(() => work(rows));
    } finally {
      await flight.settle();
    }
    await flight.land();
  }

  /** Rows of entries that pass the test, in batches bounded by number and, if wanted, by bytes. */
  *#entryBatches(
    wanted: (row: number) => boolean,
    maxBytes = Number.POSITIVE_INFINITY,
  ): Generator<Uint32Array> {
    const { entries } = this.#parts.selection;
    let rows: number[] = [];
    let bytes = 0;
    for (let row = 0; row < entries.length; row++) {
      if (!wanted(row)) continue;
      rows.push(row);
      bytes += entries.size.values[row]!;
      if (rows.length < BATCH_ENTRIES && bytes < maxBytes) continue;
      yield Uint32Array.from(rows);
      rows = [];
      bytes = 0;
    }
    if (rows.length > 0) yield Uint32Array.from(rows);
  }

  *#folderBatches(descending: boolean): Generator<Uint32Array> {
    const { folders } = this.#parts.selection;
    let rows: number[] = [];
    for (let i = 0; i < folders.length; i++) {
      const row = descending ? folders.length - 1 - i : i;
      if (folders.isNeeded(row)) rows.push(row);
      if (rows.length < BATCH_ENTRIES) continue;
      yield Uint32Array.from(rows);
      rows = [];
    }
    if (rows.length > 0) yield Uint32Array.from(rows);
  }

  /** One batch after the other, in one thread: a folder needs its parent. */
  async #makeFolders(): Promise<void> {
    const { session, report, selection, pool, signal } = this.#parts;
    const { folders } = selection;
    for (const rows of this.#folderBatches(false)) {
      throwIfAborted(signal);
      const { folders: slice, positions } = folders.slice(rows);
      const input = { session, folders: slice, make: positions, dryRun: this.#dryRun };
      const output = await pool.run(foldersTask, input, { thread: 0 });
      rows.forEach((row, i) => (folders.state.values[row] = output.states[i]!));
      for (const failure of output.failures) {
        report.folderFailure(folders, failure);
        // Nothing can be restored without the target itself.
        if (failure.row === 0) throw report.lastError;
      }
    }
  }

  async #compare(): Promise<void> {
    const { session, report, selection, options } = this.#parts;
    const { entries, blobs, folders } = selection;
    const mode = options.overwrite ?? "always";
    const existed = (row: number): boolean =>
      folders.state.values[entries.folder.values[row]!] === FOLDER.existed;
    await this.#inBatches(this.#entryBatches(existed, BATCH_BYTES), async (rows) => {
      const content = contentSlice(entries, blobs, rows);
      const input: CompareInput = { session, entries: entries.slice(rows), content, mode };
      const output = await this.#run(compareTask, input);
      rows.forEach((row, i) => (entries.state.values[row] = output.states[i]!));
      for (const [i, identity] of output.identities) entries.identity.set(rows[i]!, identity);
      this.#keepMatches(rows, content.ends, output.matches);
      for (const failure of output.failures) {
        entries.state.values[failure.row] = STATE.fresh;
        report.entryFailure(entries, failure);
      }
    });
  }

  #keepMatches(rows: Uint32Array, ends: Uint32Array, matches: Uint8Array): void {
    const { entries } = this.#parts.selection;
    this.#matches ??= new Uint8Array(entries.content.length);
    let from = 0;
    for (let i = 0; i < rows.length; i++) {
      const end = ends[i]!;
      this.#matches.set(matches.subarray(from, end), entries.contentStart(rows[i]!));
      from = end;
    }
  }

  #countTotals(): void {
    const { report, selection } = this.#parts;
    const { entries, folders } = selection;
    const { counters } = report;
    for (let row = 1; row < folders.length; row++) {
      if (folders.isNeeded(row)) counters.totalFiles++;
    }
    for (let row = 0; row < entries.length; row++) {
      const state = entries.state.values[row]!;
      if (state === STATE.skip || state === STATE.match) {
        report.entrySkipped(entries, row);
      } else {
        counters.totalFiles++;
        if (entries.kind.values[row] === KIND.file)
          counters.totalBytes += entries.size.values[row]!;
        if (state === STATE.update) counters.bytesRestored += this.#matchedBytes(row);
      }
    }
  }

  #matchedBytes(row: number): number {
    const { entries, blobs } = this.#parts.selection;
    let bytes = 0;
    for (let at = entries.contentStart(row); at < entries.contentEnd(row); at++) {
      if (this.#matches![at] === 1) bytes += blobs.plainLength(entries.content.values[at]!);
    }
    return bytes;
  }

  /** Dry run: everything is as if done. */
  #pretend(): void {
    const { report, selection } = this.#parts;
    const { entries } = selection;
    for (let row = 0; row < entries.length; row++)
      if (this.#toWrite(row)) report.entryDone(entries, row);
    report.counters.bytesRestored = report.counters.totalBytes;
  }

  #toWrite(row: number): boolean {
    const state = this.#parts.selection.entries.state.values[row]!;
    return state === STATE.fresh || state === STATE.replace || state === STATE.update;
  }

  #isFile(row: number): boolean {
    return this.#parts.selection.entries.kind.values[row] === KIND.file;
  }

  async #write(): Promise<void> {
    const { report, selection } = this.#parts;
    const { entries, blobs } = selection;
    report.phase("content");
    const inOneGo = (row: number): boolean => this.#isInOneGo(row);
    await this.#createFiles((row) => this.#isFile(row) && this.#toWrite(row) && !inOneGo(row));
    // Planned after that: what could not be made needs no content.
    await this.#writeContent(new ContentPlan(entries, blobs, this.#matches));
    await this.#finishFiles(
      (row) =>
        this.#isFile(row) &&
        (entries.state.values[row] === STATE.match ||
          (this.#toWrite(row) && entries.blobCount(row) > 0 && !inOneGo(row))),
    );
    report.phase("links");
    // Special files first: they can have several names too.
    await this.#makeLinks(
      (row) => !this.#isFile(row) && entries.kind.values[row] !== KIND.hardLink,
    );
    await this.#makeLinks((row) => entries.kind.values[row] === KIND.hardLink);
  }

  /** Made, written and finished by one task: a file of one blob that has to be fetched. */
  #isInOneGo(row: number): boolean {
    const { entries } = this.#parts.selection;
    if (entries.blobCount(row) !== 1) return false;
    const kept = entries.state.values[row] === STATE.update;
    return !kept || this.#matches![entries.contentStart(row)] !== 1;
  }

  async #createFiles(wanted: (row: number) => boolean): Promise<void> {
    const { session, report, selection } = this.#parts;
    const { entries } = selection;
    await this.#inBatches(this.#entryBatches(wanted), async (rows) => {
      const input = { session, entries: entries.slice(rows), deep: this.#deep };
      const output = await this.#run(createTask, input);
      report.shortfalls(output.shortfalls);
      for (const failure of output.failures) report.entryFailure(entries, failure);
      rows.forEach((row, i) => {
        if (entries.state.values[row] === STATE.failed) return;
        if (entries.size.values[row] === 0) report.entryDone(entries, row);
        else entries.identity.set(row, output.identities[i]!);
      });
    });
  }

  async #writeContent(plan: ContentPlan): Promise<void> {
    const { session, report, selection, options, pool } = this.#parts;
    const { entries } = selection;
    const sparse = options.sparse ?? false;
    const flight = new Flight(pool.size * RUNS_PER_THREAD);
    try {
      for (const { input, rows, bytes } of plan.ranges()) {
        await flight.start(async () => {
          const all = { ...input, session, sparse, deep: this.#deep };
          const output = await this.#run(contentTask, all);
          report.shortfalls(output.shortfalls);
          for (const failure of output.failures) report.entryFailure(entries, failure);
          for (let place = 0; place < rows.length; place++) {
            if (output.written[place] !== 1) continue;
            const row = rows[place]!;
            report.counters.bytesRestored += bytes[place]!;
            if (entries.blobCount(row) === 1) report.entryDone(entries, row);
          }
          report.status();
        });
      }
    } finally {
      await flight.settle();
    }
    await flight.land();
  }

  async #finishFiles(wanted: (row: number) => boolean): Promise<void> {
    const { session, report, selection } = this.#parts;
    const { entries } = selection;
    await this.#inBatches(this.#entryBatches(wanted), async (rows) => {
      const input = { session, entries: entries.slice(rows), deep: this.#deep };
      const output = await this.#run(finishTask, input);
      report.shortfalls(output.shortfalls);
      for (const failure of output.failures) report.entryFailure(entries, failure);
      for (const row of rows) if (this.#toWrite(row)) report.entryDone(entries, row);
      report.status();
    });
  }

  async #makeLinks(wanted: (row: number) => boolean): Promise<void> {
    const { session, report, selection } = this.#parts;
    const { entries } = selection;
    const all = (row: number): boolean => wanted(row) && this.#toWrite(row);
    await this.#inBatches(this.#entryBatches(all), async (rows) => {
      const special = new Map(
        [...rows.entries()].flatMap(([i, row]) => {
          const info = entries.special.get(row);
          return info === undefined ? [] : [[i, info] as const];
        }),
      );
      const linkedTo = new Map<number, number>();
      const sources: number[] = [];
      rows.forEach((row, i) => {
        const source = entries.linkedTo.get(row);
        if (source !== undefined) linkedTo.set(i, sources.push(source) - 1);
      });
      const output = await this.#run(linksTask, {
        session,
        entries: entries.slice(rows),
        special,
        linkedTo,
        sources: entries.slice(Uint32Array.from(sources)),
        deep: this.#deep,
      });
      report.shortfalls(output.shortfalls);
      for (const failure of output.failures) report.entryFailure(entries, failure);
      for (const row of rows) if (this.#toWrite(row)) report.entryDone(entries, row);
      report.status();
    });
  }

  /** One batch after the other, children first: a parent may be closed to us afterwards. */
  async #finishFolders(): Promise<void> {
    const { session, report, selection, pool, signal } = this.#parts;
    const { folders } = selection;
    for (const batch of this.#folderBatches(true)) {
      throwIfAborted(signal);
      const rows = batch.filter((row) => row !== 0 && folders.state.values[row] !== FOLDER.failed);
      const failed = new Set<number>();
      if (!this.#dryRun) {
        const { folders: slice, positions } = folders.slice(rows);
        const input = { session, folders: slice, positions, meta: folders.metaSlice(rows) };
        const output = await pool.run(folderMetaTask, input, { thread: 0 });
        report.shortfalls(output.shortfalls);
        for (const failure of output.failures) {
          failed.add(failure.row);
          report.folderFailure(folders, failure);
        }
      }
      for (const row of rows) if (!failed.has(row)) report.folderDone(folders, row);
      report.status();
    }
  }

  async #verify(): Promise<void> {
    const { session, report, selection } = this.#parts;
    const { entries, blobs } = selection;
    const wanted = (row: number): boolean =>
      this.#isFile(row) && (this.#toWrite(row) || entries.state.values[row] === STATE.match);
    await this.#inBatches(this.#entryBatches(wanted, BATCH_BYTES), async (rows) => {
      const content = contentSlice(entries, blobs, rows);
      const input: CompareInput = {
        session,
        entries: entries.slice(rows),
        content,
        mode: "verify",
      };
      const output = await this.#run(compareTask, input);
      for (const failure of output.failures) report.entryFailure(entries, failure);
      report.filesVerified += rows.length - output.failures.length;
      report.status();
    });
  }
}
