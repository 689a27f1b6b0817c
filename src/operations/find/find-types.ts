/** What a search over snapshots reports. */
import type { Timestamp } from "#base/timestamp.ts";
import type { Node, NodeType } from "#format/node.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/** What an entry must be besides its name; absent members do not restrict. */
export interface FindConditions {
  /** Modified at this time or later. */
  readonly oldest?: Timestamp | undefined;
  /** Modified at this time or before. */
  readonly newest?: Timestamp | undefined;
  /** Bytes; with a size given, only files are found. */
  readonly minSize?: number | undefined;
  readonly maxSize?: number | undefined;
  readonly types?: readonly NodeType[] | undefined;
}

export interface FindOptions extends FindConditions {
  /** restic's patterns; an entry below a folder that matches is found too. */
  readonly patterns: readonly string[];
  readonly ignoreCase: boolean;
}

export interface FindMatch {
  readonly kind: "match";
  readonly snapshot: StoredSnapshot;
  /** Raw bytes from `/`. Not safe for terminals. */
  readonly path: Uint8Array;
  readonly node: Node;
}

/** A place that refers to a blob or a tree. */
export interface FoundObject {
  readonly kind: "object";
  readonly type: "blob" | "tree";
  /** 64 hex digits. */
  readonly id: string;
  /** Of the file or folder, raw. */
  readonly path: Uint8Array;
  /** The tree that holds the file, for blobs. */
  readonly parentTree: string | undefined;
  readonly snapshot: StoredSnapshot;
}

/** A folder that could not be read; the search goes on without it. */
export interface FindError {
  readonly kind: "error";
  readonly snapshot: StoredSnapshot;
  readonly path: Uint8Array;
  readonly message: string;
}

export type FindEvent = FindMatch | FoundObject | FindError;

export interface FindResult {
  readonly found: number;
  readonly errors: number;
}
