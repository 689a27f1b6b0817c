/**
 * Which range of which pack is read when, and where each blob goes. Packs in the order of first
 * need, ranges by offset, each blob read once for all its places (docs/format.md, section 6).
 */
import type { EntrySlice, EntryTable } from "#operations/restore/entry-table.ts";
import { KIND, STATE } from "#operations/restore/entry-table.ts";
import type { BlobTable } from "#operations/restore/blob-table.ts";
import { ID_BYTES } from "#format/id.ts";
import { pick } from "#operations/restore/meta-table.ts";
import { MAX_RANGE } from "#operations/restore/session.ts";
import type { ContentInput } from "#operations/restore/task-content.ts";

/** Unneeded bytes that are read over rather than asking again (restic's figure). */
const MAX_GAP = 1024 * 1024;
/** Places of a request: bounds the message where many files have equal content. */
const MAX_PLACES = 4096;

/** One request: blobs with the window of each one's places. */
interface Range {
  readonly blobs: number[];
  readonly placeFrom: number[];
  readonly placeTo: number[];
}

/** A request in plain data, and which entries and bytes its places stand for. */
export interface PlannedRange {
  readonly input: Omit<ContentInput, "session" | "sparse" | "deep">;
  /** By place: row of the entry, bytes. */
  readonly rows: Uint32Array;
  readonly bytes: Uint32Array;
}

/** Turns needed blobs and the places that wait for them into requests, in the order of reading. */
export class ContentPlan {
  readonly #entries: EntryTable;
  readonly #blobs: BlobTable;
  /** Places of blob i: [placeStart[i], placeStart[i + 1]). */
  readonly #placeStart: Uint32Array;
  readonly #placeEntry: Uint32Array;
  readonly #placeOffset: Float64Array;
  /** Needed blobs in the order of reading. */
  readonly #order: Uint32Array;

  /**
   * @param matches 1 for each content blob that stands on the target already; undefined for none
   */
  constructor(entries: EntryTable, blobs: BlobTable, matches: Uint8Array | undefined) {
    this.#entries = entries;
    this.#blobs = blobs;
    const count = new Uint32Array(blobs.length + 1);
    const total = this.#forEachPlace(matches, (blob) => {
      count[blob + 1]!++;
    });
    for (let i = 1; i < count.length; i++) count[i]! += count[i - 1]!;
    this.#placeStart = count;
    this.#placeEntry = new Uint32Array(total);
    this.#placeOffset = new Float64Array(total);
    const next = count.slice();
    this.#forEachPlace(matches, (blob, row, offset) => {
      const at = next[blob]!++;
      this.#placeEntry[at] = row;
      this.#placeOffset[at] = offset;
    });
    this.#order = this.#readingOrder();
  }

  #forEachPlace(
    matches: Uint8Array | undefined,
    visit: (blob: number, row: number, offset: number) => void,
  ): number {
    const { kind, state, content } = this.#entries;
    let places = 0;
    for (let row = 0; row < this.#entries.length; row++) {
      if (kind.values[row] !== KIND.file) continue;
      const how = state.values[row]!;
      if (how !== STATE.fresh && how !== STATE.replace && how !== STATE.update) continue;
      const end = this.#entries.contentEnd(row);
      let offset = 0;
      for (let at = this.#entries.contentStart(row); at < end; at++) {
        const blob = content.values[at]!;
        if (how !== STATE.update || matches?.[at] !== 1) {
          visit(blob, row, offset);
          places++;
        }
        offset += this.#blobs.plainLength(blob);
      }
    }
    return places;
  }

  /**
   * By pack in the order of first need, then by offset. Rows of blobs are in that order of need.
   */
  #readingOrder(): Uint32Array {
    const { pack, offset } = this.#blobs;
    const rank = new Map<number, number>();
    const order: number[] = [];
    let sorted = true;
    for (let blob = 0; blob < this.#blobs.length; blob++) {
      if (this.#placeStart[blob] === this.#placeStart[blob + 1]) continue;
      const own = pack.values[blob]!;
      if (!rank.has(own)) rank.set(own, rank.size);
      const previous = order.at(-1);
      if (previous !== undefined) sorted &&= isAfter(previous, blob);
      order.push(blob);
    }
    function isAfter(a: number, b: number): boolean {
      const difference = rank.get(pack.values[b]!)! - rank.get(pack.values[a]!)!;
      return difference > 0 || (difference === 0 && offset.values[b]! > offset.values[a]!);
    }
    const rows = Uint32Array.from(order);
    if (sorted) return rows;
    const byRank = rows.map((blob) => rank.get(pack.values[blob]!)!);
    const keys = new Float64Array(rows.length);
    // Exact: fewer than 2^21 packs (32 TiB of 16 MiB packs) times offsets below 2^32.
    rows.forEach((blob, i) => (keys[i] = byRank[i]! * 2 ** 32 + offset.values[blob]!));
    return sortByKey(rows, keys);
  }

  /** All requests in order. */
  *ranges(): Generator<PlannedRange> {
    let range: Range = { blobs: [], placeFrom: [], placeTo: [] };
    let places = 0;
    for (const blob of this.#order) {
      let from = this.#placeStart[blob]!;
      const last = this.#placeStart[blob + 1]!;
      while (from < last) {
        if (range.blobs.length > 0 && (places >= MAX_PLACES || !this.#fits(range, blob))) {
          yield this.#materialise(range);
          range = { blobs: [], placeFrom: [], placeTo: [] };
          places = 0;
        }
        const to = Math.min(last, from + MAX_PLACES - places);
        range.blobs.push(blob);
        range.placeFrom.push(from);
        range.placeTo.push(to);
        places += to - from;
        from = to;
      }
    }
    if (range.blobs.length > 0) yield this.#materialise(range);
  }

  #fits(range: Range, blob: number): boolean {
    const { pack, offset, stored } = this.#blobs;
    const first = range.blobs[0]!;
    const last = range.blobs.at(-1)!;
    if (last === blob || pack.values[first] !== pack.values[blob]) return false;
    const gap = offset.values[blob]! - (offset.values[last]! + stored.values[last]!);
    const end = offset.values[blob]! + stored.values[blob]!;
    return gap <= MAX_GAP && end - offset.values[first]! <= MAX_RANGE;
  }

  #materialise(range: Range): PlannedRange {
    const { pack, offset, stored, rawLength } = this.#blobs;
    const blobs = Uint32Array.from(range.blobs);
    const first = blobs[0]!;
    let end = 0;
    for (const blob of blobs) end = Math.max(end, offset.values[blob]! + stored.values[blob]!);
    const placeEnds = new Uint32Array(blobs.length);
    let places = 0;
    for (let i = 0; i < blobs.length; i++) {
      places += range.placeTo[i]! - range.placeFrom[i]!;
      placeEnds[i] = places;
    }
    const rows = new Uint32Array(places);
    const bytes = new Uint32Array(places);
    const placeOffset = new Float64Array(places);
    let at = 0;
    for (let i = 0; i < blobs.length; i++) {
      for (let place = range.placeFrom[i]!; place < range.placeTo[i]!; place++, at++) {
        rows[at] = this.#placeEntry[place]!;
        placeOffset[at] = this.#placeOffset[place]!;
        bytes[at] = this.#blobs.plainLength(blobs[i]!);
      }
    }
    const { entries, placeEntry } = this.#sliceOf(rows);
    const input = {
      pack: pack.values[first]!,
      offset: offset.values[first]!,
      length: end - offset.values[first]!,
      ids: this.#blobs.ids(blobs),
      offsets: pick(offset.values, blobs, (n) => new Uint32Array(n)),
      stored: pick(stored.values, blobs, (n) => new Uint32Array(n)),
      rawLengths: pick(rawLength.values, blobs, (n) => new Uint32Array(n)),
      placeEnds,
      placeEntry,
      placeOffset,
      entries,
      single: Uint8Array.from(entries.rows, (row) => (this.#entries.blobCount(row) === 1 ? 1 : 0)),
    };
    return { input, rows, bytes };
  }

  /** Each entry once, though it may have several places. */
  #sliceOf(rows: Uint32Array): { entries: EntrySlice; placeEntry: Uint32Array } {
    const positions = new Map<number, number>();
    const placeEntry = rows.map((row) => {
      let position = positions.get(row);
      if (position === undefined) {
        position = positions.size;
        positions.set(row, position);
      }
      return position;
    });
    return { entries: this.#entries.slice(Uint32Array.from(positions.keys())), placeEntry };
  }
}

/** The rows in ascending order of their keys. */
function sortByKey(rows: Uint32Array, keys: Float64Array): Uint32Array {
  const positions = Uint32Array.from(rows.keys());
  positions.sort((a, b) => keys[a]! - keys[b]!);
  return positions.map((position) => rows[position]!);
}

/** Expected content of entries, for comparing. */
export function contentSlice(
  entries: EntryTable,
  blobs: BlobTable,
  rows: Uint32Array,
): { ends: Uint32Array; ids: Uint8Array; lengths: Uint32Array } {
  const ends = new Uint32Array(rows.length);
  let total = 0;
  rows.forEach((row, i) => {
    total += entries.kind.values[row] === KIND.file ? entries.blobCount(row) : 0;
    ends[i] = total;
  });
  const ids = new Uint8Array(total * ID_BYTES);
  const lengths = new Uint32Array(total);
  let at = 0;
  for (const row of rows) {
    if (entries.kind.values[row] !== KIND.file) continue;
    for (let i = entries.contentStart(row); i < entries.contentEnd(row); i++, at++) {
      const blob = entries.content.values[i]!;
      ids.set(blobs.id(blob), at * ID_BYTES);
      lengths[at] = blobs.plainLength(blob);
    }
  }
  return { ends, ids, lengths };
}
