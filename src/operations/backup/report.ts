/** Gathers what one task has to tell, and streams the bytes of large files while they are read. */
import { messageOf } from "#base/errors.ts";
import type { Report, ThreadEvent } from "#operations/backup/archive-protocol.ts";
import type { ItemAction, ItemError, ItemEvent } from "#operations/backup/options.ts";
import type { RawPath } from "#operations/backup/raw-path.ts";

/**
 * Bytes between progress events: often enough for a steady display, rare enough to cost nothing.
 */
const PROGRESS_STEP = 8 * 1024 * 1024;

/** Gathers what one task tells the coordinator. */
export class ReportBuilder {
  readonly counts = { filesNew: 0, filesChanged: 0, filesUnmodified: 0, bytes: 0 };
  readonly errors: ItemError[] = [];
  readonly warnings: { path: RawPath; message: string }[] = [];
  readonly items: ItemEvent[] = [];
  readonly #emit: (event: ThreadEvent) => void;
  #pending = 0;

  constructor(emit: (event: ThreadEvent) => void) {
    this.#emit = emit;
  }

  /** Bytes of a file that were read, or found unchanged. */
  progress(bytes: number, path: RawPath): void {
    this.#pending += bytes;
    if (this.#pending < PROGRESS_STEP) return;
    this.#emit({ kind: "archive-progress", bytes: this.#pending, path });
    this.#pending = 0;
  }

  file(action: ItemAction, size: number): void {
    if (action === "new") this.counts.filesNew++;
    else if (action === "modified") this.counts.filesChanged++;
    else this.counts.filesUnmodified++;
    this.counts.bytes += size;
  }

  fail(path: RawPath, error: unknown): void {
    this.errors.push({
      path,
      during: "archival",
      code: systemCode(error),
      message: messageOf(error),
    });
  }

  build(): Report {
    const { counts, errors, warnings, items } = this;
    return { counts, errors, warnings, items, progress: this.#pending };
  }
}

/** `ENOENT` and its like; empty when the error has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
