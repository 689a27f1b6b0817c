/** What a comparison reports. */

/** One difference. `T` type, `M` content, `U` metadata, `?` same times but other content. */
export interface DiffChange {
  readonly kind: "change";
  /** Raw bytes from `/`, ended by a slash for folders. Not safe for terminals. */
  readonly path: Uint8Array;
  /** `+`, `-`, or a combination of `T`, `M`, `U` and `?`. */
  readonly modifier: string;
}

/** A file or folder that could not be looked at; the comparison goes on without it. */
export interface DiffError {
  readonly kind: "error";
  readonly path: Uint8Array;
  readonly message: string;
}

export type DiffEvent = DiffChange | DiffError;

/** Entries and blobs that only one side has. */
export interface DiffCounts {
  files: number;
  dirs: number;
  /** Everything else. */
  others: number;
  dataBlobs: number;
  treeBlobs: number;
  /** Plaintext bytes of those blobs; against the live disk, sizes of the files. */
  bytes: number;
}

export interface DiffStats {
  changedFiles: number;
  readonly added: DiffCounts;
  readonly removed: DiffCounts;
  errors: number;
}

/** All zero. */
export function emptyStats(): DiffStats {
  const counts = (): DiffCounts => ({
    files: 0,
    dirs: 0,
    others: 0,
    dataBlobs: 0,
    treeBlobs: 0,
    bytes: 0,
  });
  return { changedFiles: 0, added: counts(), removed: counts(), errors: 0 };
}

/** Counts one entry by its type. */
export function countEntry(counts: DiffCounts, type: string): void {
  if (type === "file") counts.files++;
  else if (type === "dir") counts.dirs++;
  else counts.others++;
}
