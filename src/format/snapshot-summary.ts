/** The counters of a backup within its snapshot, since restic 0.17 (docs/format.md, section 8). */
import { encodeObject, type ExtraFields } from "#format/extra-fields.ts";
import type { JsonReader } from "#format/json-reader.ts";
import { formatTime, parseTime, ZERO_TIME, type ZonedTime } from "#format/time.ts";

/** Names in the file, in its order. */
const COUNTERS = [
  ["filesNew", "files_new"],
  ["filesChanged", "files_changed"],
  ["filesUnmodified", "files_unmodified"],
  ["dirsNew", "dirs_new"],
  ["dirsChanged", "dirs_changed"],
  ["dirsUnmodified", "dirs_unmodified"],
  ["dataBlobs", "data_blobs"],
  ["treeBlobs", "tree_blobs"],
  ["dataAdded", "data_added"],
  ["dataAddedPacked", "data_added_packed"],
  ["totalFilesProcessed", "total_files_processed"],
  ["totalBytesProcessed", "total_bytes_processed"],
] as const;

export interface SnapshotCounters {
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  readonly dirsNew: number;
  readonly dirsChanged: number;
  readonly dirsUnmodified: number;
  /** Blobs stored for the first time. */
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  /** Plaintext bytes of new blobs. */
  readonly dataAdded: number;
  /** Stored bytes of new blobs. */
  readonly dataAddedPacked: number;
  readonly totalFilesProcessed: number;
  readonly totalBytesProcessed: number;
}

export interface SnapshotSummary extends SnapshotCounters {
  readonly backupStart: ZonedTime;
  readonly backupEnd: ZonedTime;
  /** Counters of other programs, kept. */
  readonly extra: ExtraFields;
}

/** JSON text; all fields are always written. */
export function encodeSummary(summary: SnapshotSummary): string {
  const members = [
    `"backup_start":"${formatTime(summary.backupStart)}"`,
    `"backup_end":"${formatTime(summary.backupEnd)}"`,
    ...COUNTERS.map(([field, name]) => `"${name}":${summary[field]}`),
  ];
  return encodeObject(members, summary.extra);
}

/** Reads the object that is next; throws the reader's code when it is malformed. */
export function decodeSummary(reader: JsonReader): SnapshotSummary {
  const counters: Record<string, number> = {};
  for (const [field] of COUNTERS) counters[field] = 0;
  const times = {
    backup_start: { ...ZERO_TIME, offsetMinutes: 0 } as ZonedTime,
    backup_end: { ...ZERO_TIME, offsetMinutes: 0 } as ZonedTime,
  };
  const extra: [string, string][] = [];
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    const counter = COUNTERS.find(([, name]) => name === key);
    if (counter) counters[counter[0]] = reader.uint();
    else if (key === "backup_start" || key === "backup_end") {
      times[key] = parseTime(reader.string()) ?? reader.fail("a malformed time");
    } else extra.push([key, reader.raw()]);
  }
  return {
    backupStart: times.backup_start,
    backupEnd: times.backup_end,
    ...(counters as unknown as SnapshotCounters),
    extra,
  };
}
