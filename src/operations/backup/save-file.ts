/** Reads one file, chunk by chunk, and saves its blobs. */
import { concatBytes } from "#base/bytes.ts";
import type { FileProgress } from "#operations/backup/archive-protocol.ts";
import type { ArchiveThread } from "#operations/backup/archive-thread.ts";
import type { RawPath } from "#operations/backup/raw-path.ts";
import type { ReportBuilder } from "#operations/backup/report.ts";
import type { SourceFile } from "#platform/source-tree.ts";

/** Bytes asked of the file at once. */
const READ_STEP = 1024 * 1024;

/**
 * A task reads at most this much of a file before it lets others run: checkpoints and interruption
 * then never wait for a huge file.
 */
const TASK_LIMIT = 512 * 1024 * 1024;

export interface SavedContent {
  /** Data-blob ids, 32 bytes each. */
  readonly content: Uint8Array;
  /** Bytes read. */
  readonly size: number;
  /** False when the limit was reached first: resume at `size`. */
  readonly complete: boolean;
}

/**
 * Saves a file from its start, or from where an earlier task stopped.
 * @throws what the source throws while reading, or the storage while saving
 */
export async function saveContent(
  thread: ArchiveThread,
  file: SourceFile,
  path: RawPath,
  report: ReportBuilder,
  from?: FileProgress,
): Promise<SavedContent> {
  const { chunker, saver } = thread;
  const { window } = chunker;
  const ids: Uint8Array[] = from ? [from.content] : [];
  chunker.reset();
  let start = 0;
  let end = 0;
  let size = from?.offset ?? 0;
  const limit = size + TASK_LIMIT;
  let position = from?.offset;
  for (let final = false; !final;) {
    if (window.length - end < READ_STEP) {
      window.copyWithin(0, start, end);
      end -= start;
      start = 0;
      chunker.reset();
    }
    const n = file.read(window, end, Math.min(READ_STEP, window.length - end), position);
    if (position !== undefined) position += n;
    final = n === 0;
    end += n;
    for (;;) {
      const length = chunker.cut(start, end, final);
      if (length === 0) break;
      if (saver.isBusy) await saver.ready();
      ids.push(saver.save("data", window.subarray(start, start + length)));
      start += length;
      size += length;
      report.progress(length, path);
      if (size >= limit && !(final && start === end)) {
        return { content: concatBytes(ids), size, complete: false };
      }
    }
  }
  return { content: concatBytes(ids), size, complete: true };
}
