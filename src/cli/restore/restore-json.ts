/** The JSON lines of `restore`, fields in restic's order, zero fields left out. */
import { unlessZero, type JsonValue } from "#cli/text/json-text.ts";
import type { RestoreCounters, RestoreEvent } from "#operations/restore/options.ts";

type Counters = Readonly<RestoreCounters>;

function counterFields(counters: Counters) {
  return {
    total_files: unlessZero(counters.totalFiles),
    files_restored: unlessZero(counters.filesRestored),
    files_skipped: unlessZero(counters.filesSkipped),
    files_deleted: unlessZero(counters.filesDeleted),
    total_bytes: unlessZero(counters.totalBytes),
    bytes_restored: unlessZero(counters.bytesRestored),
    bytes_skipped: unlessZero(counters.bytesSkipped),
  };
}

/** A `status` line. */
export function statusJson(counters: Counters, elapsedSeconds: number): JsonValue {
  const { totalBytes, bytesRestored } = counters;
  return {
    message_type: "status",
    seconds_elapsed: unlessZero(Math.floor(elapsedSeconds)),
    percent_done: totalBytes > 0 ? bytesRestored / totalBytes : 0,
    ...counterFields(counters),
  };
}

/** A `verbose_status` line; bytes that are not UTF-8 show as U+FFFD. */
export function itemJson({
  action,
  item,
  size,
}: Extract<RestoreEvent, { kind: "item" }>): JsonValue {
  return { message_type: "verbose_status", action, item, size };
}

/** An `error` line, for stderr. */
export function errorJson({ item, error }: Extract<RestoreEvent, { kind: "error" }>): JsonValue {
  return {
    message_type: "error",
    error: { message: error.message },
    during: "restore",
    item,
  };
}

/** The `summary` line, the last of a restore. */
export function summaryJson(counters: Counters, elapsedSeconds: number): JsonValue {
  return {
    message_type: "summary",
    seconds_elapsed: unlessZero(Math.floor(elapsedSeconds)),
    ...counterFields(counters),
  };
}
