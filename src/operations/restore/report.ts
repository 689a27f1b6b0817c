/** Counts what a restore did and tells it to whoever listens. */
import { fromUtf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { ProgressListener } from "#base/progress.ts";
import { type EntryTable, KIND, STATE } from "#operations/restore/entry-table.ts";
import type { ShortfallCounts } from "#operations/restore/failures.ts";
import type { FolderTable } from "#operations/restore/folder-table.ts";
import type {
  Failure,
  RestoreAction,
  RestoreCounters,
  RestoreEvent,
  RestorePhase,
} from "#operations/restore/options.ts";

export class RestoreReport {
  readonly #progress: ProgressListener<RestoreEvent> | undefined;
  readonly #items: boolean;
  readonly counters: RestoreCounters = {
    totalFiles: 0,
    filesRestored: 0,
    filesSkipped: 0,
    filesDeleted: 0,
    totalBytes: 0,
    bytesRestored: 0,
    bytesSkipped: 0,
  };
  errors = 0;
  filesVerified = 0;
  readonly #shortfalls: ShortfallCounts = [0, 0, 0, 0];

  /** @param items emit an event for each item */
  constructor(progress: ProgressListener<RestoreEvent> | undefined, items: boolean) {
    this.#progress = progress;
    this.#items = items;
  }

  phase(phase: RestorePhase): void {
    this.#progress?.({ kind: "phase", phase });
  }

  status(): void {
    this.#progress?.({ kind: "status", counters: { ...this.counters } });
  }

  /** The error reported last. */
  lastError: CofferError | undefined;

  error(item: string, error: CofferError): void {
    this.errors++;
    this.lastError = error;
    this.#progress?.({ kind: "error", item, error });
  }

  folderFailure(folders: FolderTable, failure: Failure): void {
    const item = failure.row === 0 ? "/" : folders.pathText(failure.row);
    this.error(item, new CofferError(failure.code, `${item}: ${failure.message}`));
  }

  pathFailure(path: Uint8Array, failure: Failure): void {
    const item = fromUtf8(path);
    this.error(item, new CofferError(failure.code, `${item}: ${failure.message}`));
  }

  /** Also takes the entry out of what follows. Each entry is reported once. */
  entryFailure(entries: EntryTable, failure: Failure): void {
    const { row } = failure;
    if (entries.state.values[row] === STATE.failed) return;
    entries.state.values[row] = STATE.failed;
    const item = entries.pathText(row);
    this.error(item, new CofferError(failure.code, `${item}: ${failure.message}`));
  }

  shortfalls(counts: ShortfallCounts): void {
    for (let i = 0; i < counts.length; i++) this.#shortfalls[i]! += counts[i]!;
  }

  /** A file, link or special file is as it should be. */
  entryDone(entries: EntryTable, row: number): void {
    const isFile = entries.kind.values[row] === KIND.file;
    const updated = entries.state.values[row] === STATE.update;
    this.counters.filesRestored++;
    if (!this.#items) return;
    const size = isFile ? entries.size.values[row]! : 0;
    this.#item(updated ? "updated" : "restored", entries.pathText(row), size);
  }

  entrySkipped(entries: EntryTable, row: number): void {
    const size = entries.size.values[row]!;
    this.counters.filesSkipped++;
    this.counters.bytesSkipped += size;
    if (this.#items) this.#item("unchanged", entries.pathText(row), size);
  }

  folderDone(folders: FolderTable, row: number): void {
    if (row === 0) return;
    this.counters.filesRestored++;
    if (this.#items) this.#item("restored", folders.pathText(row), 0);
  }

  deleted(path: Uint8Array): void {
    this.counters.filesDeleted++;
    if (this.#items) this.#item("deleted", fromUtf8(path), 0);
  }

  #item(action: RestoreAction, item: string, size: number): void {
    this.#progress?.({ kind: "item", action, item, size });
  }

  /** Says once, with numbers, what this machine could not set. */
  warnOfShortfalls(): void {
    SHORTFALL_TEXTS.forEach((text, i) => {
      const count = this.#shortfalls[i]!;
      const message = `${count} ${count === 1 ? "item" : "items"}: ${text}`;
      if (count > 0) this.#progress?.({ kind: "warning", message });
    });
  }
}

/** In the order of META_SHORTFALL's bits. */
const SHORTFALL_TEXTS = [
  "owner or group not set, because only root may give files away",
  "setuid or setgid left out, because the owner is not the recorded one",
  "extended attributes left out, because the target's file system or this system has none",
  "times set to less than their nanoseconds",
];
