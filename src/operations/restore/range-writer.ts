/**
 * Writes the blobs of one range of a pack to all their places; see task-content.ts.
 *
 * Invariant: a byte reaches a file only after its blob's MAC was checked; a place counts as written
 * only after its blob's hash was right.
 */
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCorruption } from "#base/errors.ts";
import { atOnce, isPromise } from "#base/maybe-promise.ts";
import { release } from "#base/release.ts";
import { ID_BYTES } from "#format/id.ts";
import { KIND, nameAt, STATE } from "#operations/restore/entry-table.ts";
import { countShortfall, failureOf, noShortfalls } from "#operations/restore/failures.ts";
import type { Failure } from "#operations/restore/options.ts";
import { leadingZeros, writeNewFile } from "#operations/restore/new-file.ts";
import { createOver, openForUpdate, openSame } from "#operations/restore/replace.ts";
import { ROOM_BYTES, type RestoreSession } from "#operations/restore/session.ts";
import type { ContentInput, ContentOutput } from "#operations/restore/task-content.ts";
import type { TargetFile } from "#platform/restore-target.ts";
import type { Repository } from "#repository/repository.ts";

/** Stored bytes of blobs that are opened together: beyond it a cipher's set-up is small change. */
const SMALL = 32 * 1024;

/** Stored bytes from which a blob is written piece by piece: two of the cipher's pieces. */
const STREAMED = 256 * 1024;

/** Large files held open while a range is written. */
const OPEN_FILES = 32;

export class RangeWriter {
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
    const { length } = this.#input.placeEnds;
    const together = this.#range !== undefined && this.#session.target.synchronous === true;
    try {
      for (let blob = 0; blob < length; blob++) {
        const end = together ? this.#endOfSmall(blob) : blob;
        if (end === blob) await this.#writeOne(blob);
        else {
          for (const failed of this.#writeTogether(blob, end)) await this.#writeOne(failed);
          blob = end - 1;
        }
      }
    } finally {
      for (const file of this.#open.values()) await file.close();
    }
    return { written: this.#written, failures: this.#failures, shortfalls: this.#shortfalls };
  }

  #firstPlace(blob: number): number {
    return blob === 0 ? 0 : this.#input.placeEnds[blob - 1]!;
  }

  async #writeOne(blob: number): Promise<void> {
    const end = this.#input.placeEnds[blob]!;
    let place = this.#firstPlace(blob);
    if (this.#isStreamed(blob, place, end)) {
      place = await this.#stream(blob, place, end);
      if (place === end) return;
    }
    try {
      const decoded = this.#decode(blob);
      const content = isPromise(decoded) ? await decoded : decoded;
      for (; place < end; place++) await this.#write(place, content);
      release(content);
    } catch (error) {
      for (; place < end; place++) this.#fail(place, error);
    }
  }

  /** Where the run of blobs ends that are small and each the whole content of new files. */
  #endOfSmall(from: number): number {
    const { placeEnds, placeEntry, stored, rawLengths, single, entries } = this.#input;
    let blob = from;
    let place = this.#firstPlace(from);
    for (; blob < placeEnds.length; blob++) {
      if (stored[blob]! > SMALL || rawLengths[blob]! > ROOM_BYTES) break;
      for (const end = placeEnds[blob]!; place < end; place++) {
        const entry = placeEntry[place]!;
        if (single[entry] !== 1 || entries.states[entry] !== STATE.fresh) return blob;
      }
    }
    return blob;
  }

  /**
   * Opens blobs together, and writes each while it lies in memory that the next one takes.
   * @returns those that are damaged here: nothing of them was written
   */
  #writeTogether(from: number, to: number): number[] {
    const { aead } = this.#repository;
    const { placeEnds, rawLengths } = this.#input;
    const { room } = this.#session;
    const damaged: number[] = [];
    const messages: Uint8Array[] = [];
    for (let blob = from; blob < to; blob++) messages.push(this.#sealed(blob));
    aead.openAll(messages, (i, payload) => {
      const blob = from + i;
      const content = payload && this.#payload(blob, payload, rawLengths[blob]!, room);
      if (content === undefined) {
        damaged.push(blob);
        return;
      }
      const end = placeEnds[blob]!;
      for (let place = this.#firstPlace(blob); place < end; place++) {
        try {
          this.#writeFresh(this.#input.placeEntry[place]!, content);
          this.#written[place] = 1;
        } catch (error) {
          this.#fail(place, error);
        }
      }
    });
    return damaged;
  }

  #payload(
    blob: number,
    payload: Uint8Array,
    rawLength: number,
    room: Uint8Array,
  ): Uint8Array | undefined {
    try {
      return this.#repository.decodePayload(this.#id(blob), payload, rawLength, room);
    } catch (error) {
      if (isCorruption(error)) return undefined;
      throw error;
    }
  }

  /** {@link #writeWhole} for new files of a synchronous target. */
  #writeFresh(entry: number, content: Uint8Array): void {
    const { entries, sparse } = this.#input;
    const folder = atOnce(this.#session.folder(entries.folders, entries.folderOf[entry]!));
    const meta = atOnce(this.#session.meta(entries.meta, entry));
    const hole = sparse ? leadingZeros(content) : 0;
    const shortfall = writeNewFile(folder, nameAt(entries, entry), content, hole, meta);
    countShortfall(this.#shortfalls, shortfall);
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
