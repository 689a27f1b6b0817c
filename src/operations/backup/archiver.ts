/**
 * Coordinates a backup: hands folders, slices, large files and finished trees to threads, depth
 * first, so that few folders are open at once, and puts their answers together.
 *
 * Memory: the encoded nodes of open folders, and a few tasks under way per thread.
 */
import { equalBytes } from "#base/bytes.ts";
import { throwIfAborted } from "#base/errors.ts";
import { ArchiveFolder, Section, type Place } from "#operations/backup/archive-folder.ts";
import type {
  EntryInput,
  FileHole,
  FileProgress,
  Part,
  StoredTree,
} from "#operations/backup/archive-protocol.ts";
import type { ArchiveTotals } from "#operations/backup/archive-totals.ts";
import { joinPath, type RawPath } from "#operations/backup/raw-path.ts";
import { SLICE } from "#operations/backup/save-folder.ts";
import { entryTask, fileTask, folderTask, treeTask } from "#operations/backup/tasks.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Something to run when a thread is free. Resolves when its answer is worked in. */
type Job = () => Promise<void>;

/**
 * Tasks under way per thread: one running, others waiting, so that no thread idles for an answer.
 */
const DEPTH = 3;

export class Archiver {
  readonly totals: ArchiveTotals;
  readonly #pool: TaskPool;
  readonly #signal: AbortSignal | undefined;
  /** Last in, first out: depth first. */
  readonly #jobs: Job[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(pool: TaskPool, totals: ArchiveTotals, signal: AbortSignal | undefined) {
    this.#pool = pool;
    this.totals = totals;
    this.#signal = signal;
  }

  /** Takes an explicitly named entry at once: a source, or a folder above one. */
  async readEntry(input: EntryInput): Promise<Part | undefined> {
    const output = await this.#pool.run(entryTask, input);
    this.totals.add(output, input.path);
    return output.part;
  }

  /** Puts a part in its place and queues what it needs. */
  addPart(place: Place, path: RawPath, part: Part | undefined): void {
    if (part === undefined) return;
    if (part instanceof Uint8Array) place.section.fill(place.slot, part);
    else if (part.kind === "folder") this.addFolder(new ArchiveFolder({ path, ...part }, place));
    else {
      place.folder.open++;
      this.#jobs.push(() => this.#readFile(place, path, part, undefined));
    }
  }

  /** Queues a folder to be read completely. */
  addFolder(folder: ArchiveFolder): void {
    folder.open++;
    this.#jobs.push(() => this.#readFolder(folder));
  }

  /**
   * Runs until everything queued is done. `between` is called before tasks are started and may
   * wait, after {@link settle}, for something that needs a quiet moment.
   * @throws the first failure, or ABORTED, after the tasks under way have settled
   */
  async run(between: () => Promise<void>): Promise<void> {
    const limit = DEPTH * this.#pool.size;
    while (!this.#failure && !this.#signal?.aborted) {
      await between();
      while (this.#running.size < limit && this.#jobs.length > 0) this.#start(this.#jobs.pop()!);
      if (this.#running.size === 0) break;
      await Promise.race(this.#running);
    }
    await this.settle();
    throwIfAborted(this.#signal);
  }

  /** Waits for the tasks under way. Throws the first failure. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
  }

  /** Stores a tree of entries that are all there. */
  saveTree(parts: readonly Uint8Array[]): Promise<StoredTree> {
    return this.#pool.run(treeTask, { parts });
  }

  /** Counts an entry of the folder as finished; with the last one its tree is stored. */
  async release(folder: ArchiveFolder): Promise<void> {
    folder.open--;
    if (folder.open > 0 || !folder.place) return;
    await this.#closeFolder(folder, await this.saveTree(folder.readyNodes()));
  }

  #start(job: Job): void {
    const running = job()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #readFolder(folder: ArchiveFolder): Promise<void> {
    const { path, previous, deviceAllowed } = folder.facts;
    const output = await this.#pool.run(folderTask, { path, previous, deviceAllowed });
    this.totals.add(output, path);
    if (folder.place && (output.failed || output.tree)) {
      await this.#closeFolder(folder, output.tree);
      return;
    }
    if (output.names) this.#slice(folder, output.names);
    else this.#addParts(folder, folder.section, output.parts);
    await this.release(folder);
  }

  /** Cuts a large folder; slices are queued last first, so that they run in order. */
  #slice(folder: ArchiveFolder, names: readonly Uint8Array[]): void {
    const jobs: Job[] = [];
    for (let at = 0; at < names.length; at += SLICE) {
      const place = folder.reserve();
      const slice = names.slice(at, at + SLICE);
      folder.open++;
      jobs.push(() => this.#readSlice(place, slice));
    }
    this.#jobs.push(...jobs.toReversed());
  }

  async #readSlice(place: Place, names: readonly Uint8Array[]): Promise<void> {
    const { folder } = place;
    const { path, previous, deviceAllowed } = folder.facts;
    const output = await this.#pool.run(folderTask, { path, previous, deviceAllowed, names });
    this.totals.add(output, path);
    const section = new Section();
    place.section.fill(place.slot, section);
    this.#addParts(folder, section, output.parts);
    await this.release(folder);
  }

  #addParts(folder: ArchiveFolder, section: Section, parts: readonly Part[]): void {
    const from = this.#jobs.length;
    for (const part of parts) {
      const place = { folder, section, slot: section.reserve() };
      const path =
        part instanceof Uint8Array ? folder.facts.path : joinPath(folder.facts.path, part.name);
      this.addPart(place, path, part);
    }
    this.#jobs.push(...this.#jobs.splice(from).toReversed());
  }

  async #readFile(
    place: Place,
    path: RawPath,
    hole: FileHole,
    resume: FileProgress | undefined,
  ): Promise<void> {
    const { name, known } = hole;
    const output = await this.#pool.run(fileTask, { path, name, known, resume });
    this.totals.add(output, path);
    if (output.resume) {
      this.#jobs.push(() => this.#readFile(place, path, hole, output.resume));
      return;
    }
    place.section.fill(place.slot, output.node);
    await this.release(place.folder);
  }

  async #closeFolder(folder: ArchiveFolder, tree: StoredTree | undefined): Promise<void> {
    if (tree) {
      const { previous, known } = folder.facts;
      const same = previous.parent !== undefined && equalBytes(previous.parent, tree.id);
      this.totals.folder(folder, same ? "unchanged" : known ? "modified" : "new", tree);
    }
    folder.close(tree?.id);
    const parent = folder.place?.folder;
    if (parent?.place && parent.open === 0) {
      await this.#closeFolder(parent, await this.saveTree(parent.readyNodes()));
    }
  }
}
