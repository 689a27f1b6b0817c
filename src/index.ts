/**
 * The library: what `import … from "coffer"` gives. docs/library.md explains it with an example.
 */
export { initRepository, LibraryRepository, openRepository } from "#engine/node/library.ts";
export type {
  InitOptions,
  LibraryBackupOptions,
  LibraryRestoreOptions,
  ListedEntry,
  ListOptions,
  OpenOptions,
} from "#engine/node/library-types.ts";
export { CofferError, isCofferError, isCorruption } from "#base/errors.ts";
export type { ErrorData } from "#base/errors.ts";
export { ERROR_CODES } from "#base/error-codes.ts";
export type { ErrorCode, ErrorCodeInfo } from "#base/error-codes.ts";
export type { OperationContext, ProgressListener } from "#base/progress.ts";
export type { Timestamp } from "#base/timestamp.ts";
export type { CompressionMode } from "#codec/zstd.ts";
export type { NodeType } from "#format/node.ts";
export type { Snapshot, SnapshotSummary } from "#format/snapshot.ts";
export type { BackupEvent, BackupResult, ItemError } from "#operations/backup/options.ts";
export type {
  CheckError,
  CheckEvent,
  CheckOptions,
  CheckRemark,
  CheckResult,
  ReadData,
} from "#operations/check/check-types.ts";
export type { LsSort } from "#operations/ls.ts";
export type {
  OverwriteMode,
  RestoreCounters,
  RestoreEvent,
  RestoreResult,
} from "#operations/restore/options.ts";
export type { SnapshotFilter } from "#repository/snapshot-filter.ts";
export type { BrokenSnapshot, LoadedSnapshots, StoredSnapshot } from "#repository/snapshots.ts";
