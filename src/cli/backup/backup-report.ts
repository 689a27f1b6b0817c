/** Shows a backup while it runs and when it is done; text or JSON by the printer. */
import { fromUtf8 } from "#base/bytes.ts";
import {
  itemErrorJson,
  itemJson,
  scanFinishedJson,
  secondsBetween,
  statusJson,
  summaryJson,
} from "#cli/backup/backup-json.ts";
import type { CliContext } from "#cli/context.ts";
import { startProgress, type ProgressDisplay } from "#cli/progress/progress-display.ts";
import type { ProgressState } from "#cli/progress/progress-state.ts";
import { formatBytes, formatSeconds } from "#cli/text/format-human.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type { BackupEvent, BackupResult, ItemEvent } from "#operations/backup/options.ts";

export class BackupReport {
  readonly #context: CliContext;
  readonly #display: ProgressDisplay;
  #files = 0;
  #bytes = 0;
  #errors = 0;
  #total: { files: number; bytes: number } | undefined;
  #current: readonly Uint8Array[] = [];

  constructor(context: CliContext) {
    this.#context = context;
    this.#display = startProgress(context.io, context.printer, context.settings, {
      noun: () => "files",
      state: () => this.#state(),
      json: (seconds) =>
        statusJson(this.#state(), seconds, this.#current.map((path) => fromUtf8(path)).toSorted()),
    });
  }

  #state(): ProgressState {
    return {
      filesDone: this.#files,
      bytesDone: this.#bytes,
      filesTotal: this.#total?.files,
      bytesTotal: this.#total?.bytes,
      errors: this.#errors,
      // Two threads may work on one large file.
      current: [...new Set(this.#current.map((path) => terminalText(path)))],
    };
  }

  /** Listener of the operation. */
  event(event: BackupEvent): void {
    const { printer } = this.#context;
    switch (event.kind) {
      case "started":
        break;
      case "scanned":
        this.#total = { files: event.files, bytes: event.bytes };
        if (event.done) this.#scanned(event.files, event.bytes);
        break;
      case "progress":
        this.#files = event.files;
        this.#bytes = event.bytes;
        this.#errors = event.errors;
        this.#current = event.current;
        break;
      case "error":
        if (printer.json) printer.jsonError(itemErrorJson(event.error));
        else printer.error(`error: ${this.#named(event.error)}`);
        break;
      case "warning":
        printer.error(`warning: ${this.#named(event)}`);
        break;
      case "checkpoint":
        printer.detail(`checkpoint after ${event.files} files`);
        break;
      case "item":
        this.#item(event);
        break;
    }
  }

  /** The object first, unless the message names it already. */
  #named({ path, message }: { readonly path: Uint8Array; readonly message: string }): string {
    const text = terminalText(message);
    return message.includes(fromUtf8(path)) ? text : `${terminalText(path)}: ${text}`;
  }

  #scanned(files: number, bytes: number): void {
    const { printer, io } = this.#context;
    const seconds = (io.clock.monotonicMs() - this.#display.startedMs) / 1000;
    if (!printer.json) {
      printer.detail(
        `scan finished in ${seconds.toFixed(3)}s: ${files} files, ${formatBytes(bytes)}`,
      );
    } else if (printer.verbosity >= 2) printer.jsonLine(scanFinishedJson(seconds, files, bytes));
  }

  #item(event: ItemEvent): void {
    const { printer } = this.#context;
    if (printer.json) {
      if (printer.verbosity >= 2) printer.jsonLine(itemJson(event));
      return;
    }
    const name = terminalText(event.path);
    const path = event.type === "dir" && !name.endsWith("/") ? `${name}/` : name;
    const action = event.action.padEnd(9);
    if (event.action === "unchanged") printer.trace(`${action} ${path}`);
    else {
      const stored = `${formatBytes(event.added)} added, ${formatBytes(event.addedPacked)} stored`;
      printer.trace(`${action} ${path}, saved (${stored})`);
    }
  }

  /** Removes the progress line; on every way out. */
  stop(): void {
    this.#display.stop();
  }

  /** The summary. */
  finish(result: BackupResult): void {
    const { printer } = this.#context;
    if (printer.json) {
      printer.jsonLine(summaryJson(result));
      return;
    }
    const { summary: s, dryRun, snapshotId } = result;
    const counts = (a: number, b: number, c: number) =>
      `${pad(a)} new, ${pad(b)} changed, ${pad(c)} unmodified`;
    const verb = dryRun ? "Would add" : "Added";
    const seconds = secondsBetween(s.backupStart, s.backupEnd);
    printer.message("");
    printer.message(`Files:       ${counts(s.filesNew, s.filesChanged, s.filesUnmodified)}`);
    printer.message(`Dirs:        ${counts(s.dirsNew, s.dirsChanged, s.dirsUnmodified)}`);
    printer.detail(`Data Blobs:  ${pad(s.dataBlobs)} new`);
    printer.detail(`Tree Blobs:  ${pad(s.treeBlobs)} new`);
    printer.message(
      `${verb} to the repository: ${formatBytes(s.dataAdded).padEnd(5)} ` +
        `(${formatBytes(s.dataAddedPacked).padEnd(5)} stored)`,
    );
    printer.message("");
    printer.message(
      `processed ${s.totalFilesProcessed} files, ${formatBytes(s.totalBytesProcessed)} ` +
        `in ${formatSeconds(seconds)}`,
    );
    if (dryRun) return;
    if (snapshotId === undefined) printer.message("skipped creating snapshot");
    else printer.message(`snapshot ${snapshotId.slice(0, 8)} saved`);
  }
}

function pad(count: number): string {
  return String(count).padStart(5);
}
