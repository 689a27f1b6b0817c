/**
 * The contract of every storage. Small on purpose: whoever implements these calls over a new
 * service gets backup, restore, check and the rest for nothing. `src/testkit/backend-suite.ts` is
 * its proof.
 *
 * What callers may rely on:
 * - A `write` that resolved is durable and complete; one that rejected may or may not have stored
 *   the file.
 * - Files are immutable: `write` never replaces a file with other content.
 * - After a `write` resolved, `read` and `stat` see the file; `list` may lag where
 *   `supports.listAfterWrite` is false.
 * - Absence is `undefined` from `stat` and NOT_FOUND from `read` and `remove`; every other failure
 *   throws another code. A short answer is SHORT_READ, never padded, never cut silently.
 * - A `remove` of an index, snapshot or key that resolved is durable: what depends on its being
 *   gone may be deleted next. A pack or lock may come back after a power loss, which harms nothing.
 * - Calls may run concurrently up to `connections`. Nothing retries here: `wrappers/retry.ts` does.
 */

/** The six kinds of file of a repository (docs/format.md, section 1). */
export type FileType = "config" | "key" | "lock" | "snapshot" | "index" | "pack";

/** Names one file. `name` is 64 lower-case hex digits; for `config` it is "config". */
export interface FileRef {
  readonly type: FileType;
  readonly name: string;
}

export interface ListedFile {
  readonly name: string;
  /** Stored size in bytes. */
  readonly size: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /** First byte, default 0. */
  readonly offset?: number;
  /** Number of bytes, default to the end. Exactly this many are returned, else SHORT_READ. */
  readonly length?: number;
  /** The file may be kept whole in a local cache. Only asked of packs: those that hold trees. */
  readonly cacheable?: boolean;
  /** Ask the storage itself, not a cache; a cached copy is replaced by what it answers. */
  readonly fresh?: boolean;
  /**
   * The storage may put the bytes here, from the start, and return that part; or ignore it and
   * return a new array. Spares the hot loops of check and restore an allocation a read.
   */
  readonly into?: Uint8Array | undefined;
}

export interface WriteOptions extends CallOptions {
  /** As in {@link ReadOptions}: a pack that holds trees. */
  readonly cacheable?: boolean;
}

export interface BackendSupport {
  /** Listing shows a file as soon as its write resolved. */
  readonly listAfterWrite: boolean;
  /** Files can be removed with the present credentials. */
  readonly remove: boolean;
}

export interface Backend {
  /** The location as shown to people. Holds no secret. */
  readonly location: string;
  /** How many calls may run at once. */
  readonly connections: number;
  readonly supports: BackendSupport;

  /**
   * Makes whatever the storage needs before the first write (folders, a bucket prefix). Idempotent.
   */
  create(options?: CallOptions): Promise<void>;
  /**
   * Stores a whole file; the parts are its bytes in order and stay the caller's.
   * @throws ALREADY_EXISTS when the name is taken (also when the content is equal)
   * @throws STORAGE_FULL, DENIED, STORAGE_FAILED
   */
  write(file: FileRef, parts: readonly Uint8Array[], options?: WriteOptions): Promise<void>;
  /** @throws NOT_FOUND, SHORT_READ, DENIED, STORAGE_FAILED */
  read(file: FileRef, options?: ReadOptions): Promise<Uint8Array>;
  /** Size in bytes, or undefined when there is no such file. */
  stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined>;
  /** Every file of the type whose name is 64 hex digits; foreign names are left out. Any order. */
  list(type: FileType, options?: CallOptions): AsyncIterable<ListedFile>;
  /** @throws NOT_FOUND when there is no such file */
  remove(file: FileRef, options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}

/** How a file is named in messages: `pack 73d04e61`. */
export function describeFile(file: FileRef): string {
  return file.type === "config" ? "config" : `${file.type} ${file.name.slice(0, 8)}`;
}
