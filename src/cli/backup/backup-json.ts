/** The JSON lines of `backup`, fields in restic's order, zero fields left out where restic does. */
import { fromUtf8 } from "#base/bytes.ts";
import type { ProgressState } from "#cli/progress/progress-state.ts";
import { unlessZero, type JsonValue } from "#cli/text/json-text.ts";
import { formatTime, type ZonedTime } from "#format/time.ts";
import type { BackupResult, ItemError, ItemEvent } from "#operations/backup/options.ts";

/** A `status` line. `currentFiles` are names as text, in order. */
export function statusJson(
  state: ProgressState,
  seconds: { readonly elapsed: number; readonly left: number | undefined },
  currentFiles: readonly string[],
): JsonValue {
  const total = state.bytesTotal ?? 0;
  return {
    message_type: "status",
    seconds_elapsed: unlessZero(Math.floor(seconds.elapsed)),
    seconds_remaining: unlessZero(seconds.left),
    percent_done: total > 0 ? state.bytesDone / total : 0,
    total_files: unlessZero(state.filesTotal),
    files_done: unlessZero(state.filesDone),
    total_bytes: unlessZero(total),
    bytes_done: unlessZero(state.bytesDone),
    error_count: unlessZero(state.errors),
    current_files: unlessZero(currentFiles),
  };
}

/** Path of an item as restic writes it: folders end in a slash. */
export function itemPath(path: Uint8Array, isFolder: boolean): string {
  const text = fromUtf8(path);
  return isFolder && !text.endsWith("/") ? `${text}/` : text;
}

/** A `verbose_status` line of one file or folder. The time it took is not measured: 0. */
export function itemJson(event: ItemEvent): JsonValue {
  const isFolder = event.type === "dir";
  const data = isFolder ? 0 : event.added;
  const dataInRepo = isFolder ? 0 : event.addedPacked;
  return verboseJson(event.action, {
    item: itemPath(event.path, isFolder),
    data_size: data,
    data_size_in_repo: dataInRepo,
    metadata_size: isFolder ? event.added : 0,
    metadata_size_in_repo: isFolder ? event.addedPacked : 0,
  });
}

/** The `verbose_status` line at the end of counting; bytes of all files. */
export function scanFinishedJson(seconds: number, files: number, bytes: number): JsonValue {
  return verboseJson("scan_finished", { duration: seconds, data_size: bytes, total_files: files });
}

function verboseJson(
  action: string,
  fields: {
    readonly item?: string;
    readonly duration?: number;
    readonly data_size?: number;
    readonly data_size_in_repo?: number;
    readonly metadata_size?: number;
    readonly metadata_size_in_repo?: number;
    readonly total_files?: number;
  },
): JsonValue {
  return {
    message_type: "verbose_status",
    action,
    item: fields.item ?? "",
    duration: fields.duration ?? 0,
    data_size: fields.data_size ?? 0,
    data_size_in_repo: fields.data_size_in_repo ?? 0,
    metadata_size: fields.metadata_size ?? 0,
    metadata_size_in_repo: fields.metadata_size_in_repo ?? 0,
    total_files: fields.total_files ?? 0,
  };
}

/** An `error` line, for stderr. */
export function itemErrorJson(error: ItemError): JsonValue {
  return {
    message_type: "error",
    error: { message: error.message },
    during: error.during,
    item: fromUtf8(error.path),
  };
}

/** Seconds between two instants. */
export function secondsBetween(from: ZonedTime, to: ZonedTime): number {
  return to.seconds - from.seconds + (to.nanos - from.nanos) / 1e9;
}

/** The `summary` line, the last of a backup. */
export function summaryJson({ summary, snapshotId, dryRun }: BackupResult): JsonValue {
  return {
    message_type: "summary",
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    dirs_new: summary.dirsNew,
    dirs_changed: summary.dirsChanged,
    dirs_unmodified: summary.dirsUnmodified,
    data_blobs: summary.dataBlobs,
    tree_blobs: summary.treeBlobs,
    data_added: summary.dataAdded,
    data_added_packed: summary.dataAddedPacked,
    total_files_processed: summary.totalFilesProcessed,
    total_bytes_processed: summary.totalBytesProcessed,
    total_duration: secondsBetween(summary.backupStart, summary.backupEnd),
    backup_start: formatTime(summary.backupStart),
    backup_end: formatTime(summary.backupEnd),
    snapshot_id: snapshotId,
    dry_run: unlessZero(dryRun),
  };
}
