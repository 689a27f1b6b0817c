/**
 * Task, the hot path: reads one range of a pack, decodes its blobs and writes each to every place
 * that needs it. A file of one blob is made, filled and given its metadata here in one go; larger
 * files were made before and get their metadata when their last blob is written.
 */
import { isCofferError } from "#base/errors.ts";
import { release } from "#base/release.ts";
import type { EntrySlice } from "#operations/restore/entry-table.ts";
import type { ShortfallCounts } from "#operations/restore/failures.ts";
import type { Failure } from "#operations/restore/options.ts";
import { RangeWriter } from "#operations/restore/range-writer.ts";
import { MAX_RANGE, sessionOf, type SessionKey } from "#operations/restore/session.ts";
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

export const contentTask: Task<ContentInput, ContentOutput> = {
  name: "restore.content",
  async run(context, input) {
    const { repository } = context;
    const session = sessionOf(context, input.session);
    // A larger blob comes alone and gets memory of its own.
    const buffer = input.length <= MAX_RANGE ? session.takeBuffer() : undefined;
    let range: Uint8Array | undefined;
    try {
      range = await readRange(repository, input, buffer);
      const writer = new RangeWriter(repository, session, input, range);
      return await session.exclusive(() => writer.run());
    } finally {
      if (range !== undefined && range.buffer !== buffer?.buffer) release(range);
      if (buffer !== undefined) session.giveBuffer(buffer);
    }
  },
};

/** The range's bytes; undefined when the pack cannot be read: other copies may serve. */
async function readRange(
  repository: Repository,
  input: ContentInput,
  into: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await repository.readPack(input.pack, input.offset, input.length, { into });
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND", "SHORT_READ", "STORAGE_FAILED", "DENIED")) throw error;
    return undefined;
  }
}
