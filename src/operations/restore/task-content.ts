/**
 * Task, the hot path: reads one range of a pack, decodes its blobs and writes each to every place
 * that needs it. A file of one blob is made, filled and given its metadata here in one go; larger
 * files were made before and get their metadata when their last blob is written.
 */
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError, isCorruption } from "#base/errors.ts";
import { isPromise } from "#base/maybe-promise.ts";
import { ID_BYTES } from "#format/id.ts";
import { KIND, nameAt, STATE, type EntrySlice } from "#operations/restore/entry-table.ts";
import {
  countShortfall,
  failureOf,
  noShortfalls,
  type ShortfallCounts,
} from "#operations/restore/failures.ts";
import type { Failure } from "#operations/restore/options.ts";
import { createOver, openForUpdate, openSame } from "#operations/restore/replace.ts";
import { sessionOf, type RestoreSession, type SessionKey } from "#operations/restore/session.ts";
import type { TargetFile } from "#platform/restore-target.ts";
import type { Repository } from "#repository/repository.ts";
import type { Task } from "#repository/task-pool.ts";

export interface ContentInput {
  readonly session: SessionKey;
  readonly pack: number;
  /** The range to read. */
  readonly offset: number;
  readonly length: number;
  /**
   * Blobs in the order of their offsets: ids joined, offset in the pack, lengths as in the index.
   */
  readonly ids: Uint8Array;
  readonly offsets: Uint32Array;
  readonly stored: Uint32Array;
  readonly rawLengths: Uint32Array;
  /** Places of blob i end here. */
  readonly placeEnds: Uint32Array;
  /** Position of the place's file in `entries`, and where in the file the blob goes. */
  readonly placeEntry: Uint32Array;
  readonly placeOffset: Float64Array;
  readonly entries: EntrySlice;
  /** 1 for entries that consist of one blob. */
  readonly single: Uint8Array;
  readonly sparse: boolean;
  /** Folders in the place of files may be removed with what is in them. */
  readonly deep: boolean;
}

export interface ContentOutput {
  /** By place: 1 when written. */
  readonly written: Uint8Array;
  readonly failures: readonly Failure[];
  readonly shortfalls: ShortfallCounts;
}

/** Stored bytes from which a blob is written piece by piece: two of the cipher's pieces. */
const STREAMED = 256 * 1024;

/** Large files held open while a range is written. */
const OPEN_FILES = 32;

export const contentTask: Task<ContentInput, ContentOutput> = {
  name: "restore.content",
  async run(context, input) {
    const { repository } = context;
    const session = sessionOf(context, input.session);
    const range = await readRange(repository, input);
    try {
      return await session.exclusive(() =>
        new RangeWriter(repository, session, input, range).run(),
      );
    } finally {
      // Not left to the collector, which sees only a small object: a third of the peak memory.
      if (range !== undefined) release(range);
    }
  },
};

/** The range's bytes; undefined when the pack cannot be read: other copies may serve. */
async function readRange(
  repository: Repository,
  input: ContentInput,
): Promise<Uint8Array | undefined> {
  try {
    return await repository.readPack(input.pack, input.offset, input.length);
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND", "SHORT_READ", "STORAGE_FAILED", "DENIED")) throw error;
    return undefined;
  }
}

class RangeWriter {
  readonly #repository: Repository;
  readonly #session: RestoreSession;
  readonly #input: ContentInput;
  readonly #range: Uint8Array | undefined;
  readonly #written: Uint8Array;
  readonly #failures: Failure[] = [];
  readonly #shortfalls = noShortfalls();
  /** By entry position, oldest use first. */
  readonly #open = new Map<number, TargetFile>();

  constructor(
    repository: Repository,
    session: RestoreSession,
    input: ContentInput,
    range: Uint8Array | undefined,
  ) {
    this.#repository = repository;
    this.#session = session;
    this.#input = input;
    this.#range = range;
    this.#written = new Uint8Array(input.placeEntry.length);
  }

  async run(): Promise<ContentOutput> {
    const { placeEnds } = this.#input;
    let place = 0;
    try {
      for (let blob = 0; blob < placeEnds.length; blob++) {
        const end = placeEnds[blob]!;
        if (this.#isStreamed(blob, place, end)) {
          place = await this.#stream(blob, place, end);
          if (place === end) continue;
        }
        try {
          const decoded = this.#decode(blob);
          const content = isPromise(decoded) ? await decoded : decoded;
          for (; place < end; place++) await this.#write(place, content);
        } catch (error) {
          for (; place < end; place++) this.#fail(place, error);
        }
      }
    } finally {
      for (const file of this.#open.values()) await file.close();
    }
    return { written: this.#written, failures: this.#failures, shortfalls: this.#shortfalls };
  }

  #fail(place: number, error: unknown): void {
    const entry = this.#input.placeEntry[place]!;
    this.#failures.push(failureOf(this.#input.entries.rows[entry]!, error));
  }

  /** Large, as it stands, and for one large file: written while it is decrypted. */
  #isStreamed(blob: number, place: number, end: number): boolean {
    const { stored, rawLengths, single, placeEntry, sparse } = this.#input;
    if (this.#range === undefined || sparse || end !== place + 1) return false;
    if (rawLengths[blob] !== 0 || stored[blob]! < STREAMED) return false;
    return single[placeEntry[place]!] === 0;
  }

  /**
   * Decrypts, hashes and writes piece by piece, while each piece is in the processor's cache. The
   * MAC is checked before the first piece; where the hash turns out wrong the blob counts as not
   * written, and the way of any other blob finds another copy or reports the file.
   * @returns the place to go on with: `end` when the blob is written or the file failed
   */
  async #stream(blob: number, place: number, end: number): Promise<number> {
    const { placeEntry, placeOffset } = this.#input;
    let file: TargetFile;
    try {
      file = await this.#fileOf(placeEntry[place]!);
    } catch (error) {
      this.#fail(place, error);
      return end;
    }
    const { aead, primitives } = this.#repository;
    const hasher = primitives.crypto.createHasher();
    let position = placeOffset[place]!;
    let waiting: Promise<void> | undefined;
    try {
      aead.openPieces(this.#sealed(blob), (piece) => {
        hasher.update(piece);
        const at = position;
        position += piece.length;
        if (waiting !== undefined) {
          const own = piece.slice();
          waiting = waiting.then(() => file.write(own, at));
          return;
        }
        const writing = file.write(piece, at);
        if (isPromise(writing)) waiting = writing;
      });
      await waiting;
    } catch (error) {
      if (isCorruption(error)) return place;
      this.#fail(place, error);
      return end;
    }
    if (!equalBytes(hasher.digest(), this.#id(blob))) return place;
    this.#written[place] = 1;
    return end;
  }

  #id(blob: number): Uint8Array {
    return this.#input.ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES);
  }

  #sealed(blob: number): Uint8Array {
    const from = this.#input.offsets[blob]! - this.#input.offset;
    return this.#range!.subarray(from, from + this.#input.stored[blob]!);
  }

  /** From the range; when that is damaged, from any copy. */
  #decode(blob: number): Uint8Array | Promise<Uint8Array> {
    const id = this.#id(blob);
    if (this.#range !== undefined) {
      try {
        const { rawLengths } = this.#input;
        return this.#repository.decodeBlob(id, this.#sealed(blob), rawLengths[blob]!);
      } catch (error) {
        if (!isCorruption(error)) throw error;
      }
    }
    return this.#decodeCopy(blob, id);
  }

  async #decodeCopy(blob: number, id: Uint8Array): Promise<Uint8Array> {
    const content = await this.#repository.loadBlob("data", id);
    const { rawLengths, stored } = this.#input;
    const expected = rawLengths[blob]! === 0 ? stored[blob]! - 32 : rawLengths[blob]!;
    if (content.length === expected) return content;
    throw new CofferError("BAD_FORMAT", "Copies of a blob claim different lengths");
  }

  async #write(place: number, content: Uint8Array): Promise<void> {
    try {
      const entry = this.#input.placeEntry[place]!;
      if (this.#input.single[entry] === 1) {
        const done = this.#writeWhole(entry, content);
        if (isPromise(done)) await done;
      } else await this.#writePart(entry, this.#input.placeOffset[place]!, content);
      this.#written[place] = 1;
    } catch (error) {
      this.#fail(place, error);
    }
  }

  /** A file of one blob, from nothing to its times. */
  async #writeWhole(entry: number, content: Uint8Array): Promise<void> {
    const { entries, sparse, deep } = this.#input;
    const opened = this.#session.folder(entries.folders, entries.folderOf[entry]!);
    const folder = isPromise(opened) ? await opened : opened;
    const name = nameAt(entries, entry);
    const meta = await this.#session.meta(entries.meta, entry);
    const state = entries.states[entry];
    const update = state === STATE.update;
    const made = update
      ? openForUpdate(folder, name, entries.identities![entry]!, meta)
      : state === STATE.replace
        ? createOver(folder, name, true, deep)
        : folder.createFile(name);
    const file = isPromise(made) ? await made : made;
    try {
      const skipped = sparse && !update ? leadingZeros(content) : 0;
      if (update || skipped > 0) await file.truncate(content.length);
      const part = skipped === 0 ? content : content.subarray(skipped);
      const writing = part.length > 0 ? file.write(part, skipped) : undefined;
      if (isPromise(writing)) await writing;
      const applied = file.applyMeta(meta);
      countShortfall(this.#shortfalls, isPromise(applied) ? await applied : applied);
    } finally {
      const closing = file.close();
      if (isPromise(closing)) await closing;
    }
  }

  async #writePart(entry: number, position: number, content: Uint8Array): Promise<void> {
    const { entries, sparse } = this.#input;
    const file = await this.#fileOf(entry);
    const hole = sparse && entries.states[entry] !== STATE.update ? leadingZeros(content) : 0;
    if (hole < content.length) await file.write(content.subarray(hole), position + hole);
  }

  async #fileOf(entry: number): Promise<TargetFile> {
    const known = this.#open.get(entry);
    if (known !== undefined) return known;
    const { entries } = this.#input;
    if (entries.kinds[entry] !== KIND.file) throw new TypeError("content for what is no file");
    const folder = await this.#session.folder(entries.folders, entries.folderOf[entry]!);
    const identity = entries.identities![entry]!;
    const file = await openSame(folder, nameAt(entries, entry), "write", identity);
    this.#open.set(entry, file);
    if (this.#open.size > OPEN_FILES) {
      const [oldest, unused] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      await unused.close();
    }
    return file;
  }
}

/** Gives an array's memory back at once, where it is alone in its buffer. */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/** Number of zero bytes at the start. */
export function leadingZeros(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length && bytes[i] === 0) i++;
  return i;
}
