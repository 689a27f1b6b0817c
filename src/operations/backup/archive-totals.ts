/** Adds up what threads report, and passes it on as progress. */
import type { ProgressListener } from "#base/progress.ts";
import type { ArchiveFolder } from "#operations/backup/archive-folder.ts";
import type { Report, StoredTree } from "#operations/backup/archive-protocol.ts";
import type { BackupEvent, ItemAction } from "#operations/backup/options.ts";
import type { RawPath } from "#operations/backup/raw-path.ts";

export class ArchiveTotals {
  filesNew = 0;
  filesChanged = 0;
  filesUnmodified = 0;
  dirsNew = 0;
  dirsChanged = 0;
  dirsUnmodified = 0;
  /** Size of all files in the snapshot. */
  bytes = 0;
  /** Bytes read or found unchanged so far: runs ahead of `bytes` while large files are read. */
  bytesDone = 0;
  errors = 0;
  readonly #progress: ProgressListener<BackupEvent>;
  readonly #reportItems: boolean;
  /** Paths last heard of, newest last. */
  #current: RawPath[] = [];

  constructor(progress: ProgressListener<BackupEvent> | undefined, reportItems: boolean) {
    this.#progress = progress ?? ((): void => undefined);
    this.#reportItems = reportItems;
  }

  get files(): number {
    return this.filesNew + this.filesChanged + this.filesUnmodified;
  }

  add(report: Report, path: RawPath): void {
    this.filesNew += report.counts.filesNew;
    this.filesChanged += report.counts.filesChanged;
    this.filesUnmodified += report.counts.filesUnmodified;
    this.bytes += report.counts.bytes;
    for (const error of report.errors) {
      this.errors++;
      this.#progress({ kind: "error", error });
    }
    for (const warning of report.warnings) this.#progress({ kind: "warning", ...warning });
    for (const item of report.items) this.#progress(item);
    this.read(report.progress, path);
  }

  /** An entry that a person named is missing or unreadable. */
  fail(path: RawPath, code: string, message: string): void {
    this.errors++;
    this.#progress({ kind: "error", error: { path, during: "archival", code, message } });
  }

  /** Bytes that a thread has read of a file, ahead of its report. */
  read(bytes: number, path: RawPath): void {
    this.bytesDone += bytes;
    if (this.#current.at(-1) !== path) this.#current = [...this.#current.slice(-1), path];
    this.#progress({
      kind: "progress",
      files: this.files,
      bytes: this.bytesDone,
      errors: this.errors,
      current: this.#current,
    });
  }

  folder(folder: ArchiveFolder, action: ItemAction, tree: StoredTree): void {
    if (action === "new") this.dirsNew++;
    else if (action === "modified") this.dirsChanged++;
    else this.dirsUnmodified++;
    if (!this.#reportItems) return;
    const { path } = folder.facts;
    const { size, added, addedPacked } = tree;
    this.#progress({ kind: "item", action, type: "dir", path, size, added, addedPacked });
  }
}
