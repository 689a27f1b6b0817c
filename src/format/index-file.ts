/**
 * Index files: which pack holds which blobs (docs/format.md, section 7). This is the reader for
 * tools and tests; loading a whole index into memory has its own loader in `repository/`.
 */
import { toHex, utf8 } from "#base/bytes.ts";
import { parseId, type HexId } from "#format/id.ts";
import { JsonReader } from "#format/json-reader.ts";
import type { PackEntry } from "#format/pack-header.ts";

/** A blob as an index lists it. */
export interface IndexedBlob {
  readonly id: HexId;
  readonly type: "data" | "tree";
  readonly offset: number;
  /** Stored bytes, with the 32 of the seal. */
  readonly length: number;
  /** Plaintext bytes if compressed, else 0. */
  readonly rawLength: number;
}

export interface IndexedPack {
  readonly id: HexId;
  readonly blobs: readonly IndexedBlob[];
}

/** JSON bytes of an index file, with the newline that restic writes. */
export function encodeIndexFile(packs: Iterable<IndexedPack>): Uint8Array {
  const texts: string[] = [];
  for (const pack of packs) {
    texts.push(`{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(",")}]}`);
  }
  return utf8(`{"packs":[${texts.join(",")}]}\n`);
}

function encodeBlob(blob: IndexedBlob): string {
  const raw = blob.rawLength > 0 ? `,"uncompressed_length":${blob.rawLength}` : "";
  return (
    `{"id":"${blob.id}","type":"${blob.type}","offset":${blob.offset},` +
    `"length":${blob.length}${raw}}`
  );
}

/** The index entry of a pack whose header is known. */
export function indexedPack(id: HexId, entries: readonly PackEntry[]): IndexedPack {
  const blobs = entries.map(({ id: bytes, type, offset, length, rawLength }) => ({
    id: toHex(bytes) as HexId,
    type,
    offset,
    length,
    rawLength,
  }));
  return { id, blobs };
}

/**
 * Reads an index file pack by pack; memory holds one pack at a time. Unknown fields are skipped,
 * also rustic's `packs_to_delete`: those packs are about to go.
 * @throws BAD_FORMAT when the text is not an index, or names sizes that no pack has
 */
export function* readIndexFile(
  bytes: Uint8Array,
  version: 1 | 2 = 2,
  name = "The index file",
): Generator<IndexedPack> {
  const reader = new JsonReader(bytes, "BAD_FORMAT", name);
  if (reader.peek() === 0x5b) reader.fail("it has the format of restic 0.1");
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    if (reader.key() !== "packs") reader.skip();
    else if (!reader.isNull()) {
      for (let next = reader.openArray(); next; next = reader.nextItem()) {
        yield readPack(reader, version);
      }
    }
  }
  reader.finish();
}

function readPack(reader: JsonReader, version: 1 | 2): IndexedPack {
  let id: HexId | undefined;
  const blobs: IndexedBlob[] = [];
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    if (key === "id") id = readId(reader);
    else if (key !== "blobs") reader.skip();
    else if (!reader.isNull()) {
      for (let next = reader.openArray(); next; next = reader.nextItem()) {
        blobs.push(readBlob(reader, version));
      }
    }
  }
  if (id === undefined) return reader.fail("a pack without id");
  return { id, blobs };
}

function readBlob(reader: JsonReader, version: 1 | 2): IndexedBlob {
  let id: HexId | undefined;
  let type = "";
  let offset = 0;
  let length = 0;
  let rawLength = 0;
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    if (key === "id") id = readId(reader);
    else if (key === "type") type = reader.shortString();
    else if (key === "offset") offset = reader.uint(0xffff_ffff);
    else if (key === "length") length = reader.uint(0xffff_ffff);
    else if (key === "uncompressed_length") rawLength = reader.uint(0xffff_ffff);
    else reader.skip();
  }
  if (id === undefined) return reader.fail("a blob without id");
  if (type !== "data" && type !== "tree") return reader.fail("a blob of unknown type");
  if (length < 32) return reader.fail("a blob shorter than its seal");
  if (rawLength > 0 && version === 1) {
    return reader.fail("a compressed blob in a version 1 repository");
  }
  return { id, type, offset, length, rawLength };
}

function readId(reader: JsonReader): HexId {
  return parseId(reader.string()) ?? reader.fail("not an id");
}
