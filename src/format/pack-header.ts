/** The list of blobs at the end of every pack (docs/format.md, section 6). */
import { CofferError } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";

/** One blob of a pack, in pack order. */
export interface PackEntry {
  readonly type: "data" | "tree";
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** First byte in the pack file. */
  readonly offset: number;
  /** Stored bytes, with the 32 of the seal. */
  readonly length: number;
  /** Plaintext bytes if the payload is compressed, else 0. */
  readonly rawLength: number;
}

const SEAL_OVERHEAD = 32;
/** Bytes of the little-endian word after the sealed header. */
export const PACK_LENGTH_FIELD = 4;
const PLAIN_ENTRY = 37;
const ZSTD_ENTRY = 41;

/** Largest sealed header that any client accepts. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;
/** As many entries of 41 bytes as fit {@link MAX_HEADER_BYTES}. */
export const MAX_PACK_ENTRIES = 409_199;
/** One plain entry, no blob bytes. */
export const MIN_PACK_BYTES = PLAIN_ENTRY + SEAL_OVERHEAD + PACK_LENGTH_FIELD;
/** What readers fetch first: 15 compressed entries, seal and length word. */
export const EAGER_HEADER_BYTES = 15 * ZSTD_ENTRY + SEAL_OVERHEAD + PACK_LENGTH_FIELD;

/** Bytes that a blob's entry takes in the header. */
export function entryBytes(compressed: boolean): number {
  return compressed ? ZSTD_ENTRY : PLAIN_ENTRY;
}

/** Bytes that the header takes in the pack file, seal and length word included. */
export function headerBytes(plainEntries: number, compressedEntries: number): number {
  return (
    plainEntries * PLAIN_ENTRY + compressedEntries * ZSTD_ENTRY + SEAL_OVERHEAD + PACK_LENGTH_FIELD
  );
}

/** Size that a pack file must have: its blobs, contiguous from 0, and the header. */
export function packBytes(
  entries: Iterable<{ readonly length: number; readonly rawLength: number }>,
): number {
  let size = SEAL_OVERHEAD + PACK_LENGTH_FIELD;
  for (const { length, rawLength } of entries) size += length + entryBytes(rawLength > 0);
  return size;
}

/** Plaintext of the header, newly allocated. Entries are in pack order; offsets are implied. */
export function encodePackHeader(entries: readonly PackEntry[]): Uint8Array {
  let size = 0;
  for (const entry of entries) size += entryBytes(entry.rawLength > 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { type, id, length, rawLength } of entries) {
    const compressed = rawLength > 0;
    out[at] = (type === "tree" ? 1 : 0) + (compressed ? 2 : 0);
    view.setUint32(at + 1, length, true);
    if (compressed) view.setUint32(at + 5, rawLength, true);
    out.set(id, at + (compressed ? 9 : 5));
    at += entryBytes(compressed);
  }
  return out;
}

/** The word after the sealed header. */
export function encodeHeaderLength(sealedLength: number): Uint8Array {
  const out = new Uint8Array(PACK_LENGTH_FIELD);
  new DataView(out.buffer).setUint32(0, sealedLength, true);
  return out;
}

/**
 * Length of the sealed header, from the last bytes of a pack file.
 * @param tail at least the last four bytes
 * @param fileSize the whole pack's size in bytes
 * @throws BAD_FORMAT when the length is impossible, TOO_LARGE above {@link MAX_HEADER_BYTES}
 */
export function readHeaderLength(tail: Uint8Array, fileSize: number, name = "The pack"): number {
  if (fileSize < MIN_PACK_BYTES || tail.length < PACK_LENGTH_FIELD) {
    throw new CofferError("BAD_FORMAT", `${name} is too short for a pack`, { data: { fileSize } });
  }
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const length = view.getUint32(tail.length - PACK_LENGTH_FIELD, true);
  if (length > MAX_HEADER_BYTES) {
    throw new CofferError("TOO_LARGE", `${name} claims a header of ${length} bytes`);
  }
  if (length < PLAIN_ENTRY + SEAL_OVERHEAD || length > fileSize - PACK_LENGTH_FIELD) {
    throw new CofferError("BAD_FORMAT", `${name} claims a header of ${length} bytes`, {
      data: { fileSize },
    });
  }
  return length;
}

/**
 * Decodes an opened header; offsets are summed from 0. The ids are views of `plaintext`.
 * @param blobBytes bytes of the pack before the header, which the entries must fill exactly;
 * leave it out when unknown
 * @throws BAD_FORMAT when an entry is unknown, cut off, or does not fit the pack
 */
export function decodePackHeader(
  plaintext: Uint8Array,
  version: 1 | 2,
  blobBytes?: number,
  name = "The pack",
): PackEntry[] {
  const fail = (reason: string): never => {
    throw new CofferError("BAD_FORMAT", `The header of ${name} is damaged: ${reason}`);
  };
  if (plaintext.length === 0) fail("it is empty");
  const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  const entries: PackEntry[] = [];
  let offset = 0;
  for (let at = 0; at < plaintext.length;) {
    const kind = plaintext[at]!;
    if (kind > 3) fail(`unknown entry type ${kind}`);
    const compressed = kind >= 2;
    if (compressed && version === 1) fail("a compressed entry in a version 1 repository");
    const size = entryBytes(compressed);
    if (at + size > plaintext.length) fail("the last entry is cut off");
    if (entries.length === MAX_PACK_ENTRIES) fail("too many entries");
    const length = view.getUint32(at + 1, true);
    const rawLength = compressed ? view.getUint32(at + 5, true) : 0;
    if (length < SEAL_OVERHEAD) fail(`a blob of ${length} stored bytes`);
    if (compressed && rawLength === 0) fail("a compressed blob without content");
    const id = plaintext.subarray(at + size - ID_BYTES, at + size);
    entries.push({ type: kind & 1 ? "tree" : "data", id, offset, length, rawLength });
    offset += length;
    at += size;
  }
  if (offset > 0xffff_ffff) fail("its blobs exceed 4 GiB");
  if (blobBytes !== undefined && offset !== blobBytes) {
    fail(`its blobs take ${offset} bytes, the pack has ${blobBytes}`);
  }
  return entries;
}
