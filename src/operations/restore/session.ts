/**
 * What one thread keeps during one restore: the opened target and a bounded number of opened
 * folders. Folders are reached component by component from the root, never by path.
 */
import { CofferError } from "#base/errors.ts";
import { isPromise, type MaybePromise } from "#base/maybe-promise.ts";
import { nameAt } from "#operations/restore/entry-table.ts";
import type { FolderSlice } from "#operations/restore/folder-table.ts";
import { emptyMeta, readMeta, type MetaSlice } from "#operations/restore/meta-table.ts";
import type { EntryMeta, RestoreTarget, TargetFolder } from "#platform/restore-target.ts";
import type { Platform, TaskContext } from "#repository/task-pool.ts";

/** Names a restore under way; part of every task's input. */
export interface SessionKey {
  /** Unique within the process. */
  readonly id: number;
  readonly root: string;
  /** Make the root when missing. */
  readonly make: boolean;
}

/**
 * Folders held open by a thread. A tree that is walked in order needs one for each level; 128 keep
 * a walk up a tree of 5,000 levels at some 100,000 opens and stay far below the usual limit of
 * 1,024 descriptors.
 */
const OPEN_FOLDERS = 128;

/** Bytes of a range of several blobs; with two tasks a thread this bounds memory. */
export const MAX_RANGE = 4 * 1024 * 1024;

/** Plaintext of a blob that is decoded into memory used again and again. */
export const ROOM_BYTES = 256 * 1024;

const STATE = Symbol("restore");

/** A thread's opened folders of one restore. */
export class RestoreSession {
  readonly target: RestoreTarget;
  readonly #make: boolean;
  #root: TargetFolder | undefined;
  /** By row of the folder table; oldest use first. */
  readonly #open = new Map<number, TargetFolder>();
  readonly #meta = emptyMeta();
  /** Range buffers that no task uses now; as many as tasks ever ran at once here. */
  readonly #buffers: Uint8Array[] = [];
  #room: Uint8Array | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(platform: Platform, key: SessionKey) {
    if (platform.openTarget === undefined) {
      throw new CofferError("UNSUPPORTED", "This platform has no files to restore into");
    }
    this.target = platform.openTarget(key.root);
    this.#make = key.make;
  }

  /**
   * Runs work that uses folders; never two at a time, so that no folder is closed under the other.
   * Under Node the work is synchronous inside, so nothing waits.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** {@link ROOM_BYTES} for one blob at a time, in exclusive work. */
  get room(): Uint8Array {
    return (this.#room ??= new Uint8Array(ROOM_BYTES));
  }

  /** {@link MAX_RANGE} for the bytes of one range. Give it back with {@link giveBuffer}. */
  takeBuffer(): Uint8Array {
    return this.#buffers.pop() ?? new Uint8Array(MAX_RANGE);
  }

  giveBuffer(buffer: Uint8Array): void {
    this.#buffers.push(buffer);
  }

  root(): MaybePromise<TargetFolder> {
    if (this.#root !== undefined) return this.#root;
    const opened = this.target.openRoot(this.#make);
    if (isPromise(opened)) return opened.then((root) => (this.#root = root));
    return (this.#root = opened);
  }

  /**
   * The folder at a position of a slice. Stays open until about {@link OPEN_FOLDERS} others were
   * used.
   */
  folder(slice: FolderSlice, position: number): MaybePromise<TargetFolder> {
    if (position === 0) return this.root();
    const row = slice.rows[position]!;
    const known = this.#open.get(row);
    if (known === undefined) return this.#descend(slice, position);
    this.#open.delete(row);
    this.#open.set(row, known);
    return known;
  }

  #descend(slice: FolderSlice, position: number): MaybePromise<TargetFolder> {
    const missing: number[] = [];
    let at = position;
    while (at !== 0 && !this.#open.has(slice.rows[at]!)) {
      missing.push(at);
      at = slice.parents[at]!;
    }
    const from = at === 0 ? this.root() : this.#open.get(slice.rows[at]!)!;
    if (isPromise(from)) return from.then((folder) => this.#enter(slice, missing, folder));
    return this.#enter(slice, missing, from);
  }

  /** Opens folders one below the other; `missing` holds their positions, the deepest first. */
  #enter(slice: FolderSlice, missing: number[], from: TargetFolder): MaybePromise<TargetFolder> {
    let folder = from;
    for (let position = missing.pop(); position !== undefined; position = missing.pop()) {
      const row = slice.rows[position]!;
      const opened = folder.openFolder(nameAt(slice, position));
      if (isPromise(opened)) {
        return opened.then((next) => {
          this.#keep(row, next);
          return this.#enter(slice, missing, next);
        });
      }
      this.#keep(row, opened);
      folder = opened;
    }
    return folder;
  }

  #keep(row: number, folder: TargetFolder): void {
    this.#open.set(row, folder);
    if (this.#open.size <= OPEN_FOLDERS) return;
    const [oldest, unused] = this.#open.entries().next().value!;
    this.#open.delete(oldest);
    unused.close();
  }

  /** Metadata of a row, owner names resolved. The object is reused by the next call. */
  meta(slice: MetaSlice, row: number): MaybePromise<EntryMeta> {
    const meta = this.#meta;
    readMeta(slice, row, meta);
    if (slice.owners === undefined) return meta;
    const [user, group] = slice.owners[row]!;
    const known = this.target.ownerOf(user, group, meta.uid, meta.gid);
    if (isPromise(known)) return known.then((ids) => withOwner(meta, ids));
    return withOwner(meta, known);
  }

  close(): void {
    for (const folder of this.#open.values()) folder.close();
    this.#open.clear();
    this.#root?.close();
    this.#root = undefined;
  }
}

function withOwner(meta: EntryMeta, [uid, gid]: [uid: number, gid: number]): EntryMeta {
  meta.uid = uid;
  meta.gid = gid;
  return meta;
}

/** This thread's session of a restore, opened on first use. */
export function sessionOf(context: TaskContext, key: SessionKey): RestoreSession {
  const sessions = sessionsOf(context);
  let session = sessions.get(key.id);
  if (session === undefined) {
    session = new RestoreSession(context.platform, key);
    sessions.set(key.id, session);
  }
  return session;
}

/** Ends this thread's session; closes all it held. */
export function endSession(context: TaskContext, id: number): void {
  const sessions = sessionsOf(context);
  sessions.get(id)?.close();
  sessions.delete(id);
}

function sessionsOf(context: TaskContext): Map<number, RestoreSession> {
  let sessions = context.state.get(STATE) as Map<number, RestoreSession> | undefined;
  if (sessions === undefined) {
    sessions = new Map();
    context.state.set(STATE, sessions);
  }
  return sessions;
}
