/**
 * The plaintext of index, snapshot and lock files: bare JSON or a zstd frame (docs/format.md,
 * section 5).
 */
import { CofferError } from "#base/errors.ts";

/** First byte of a compressed plaintext in version 2. */
const ZSTD_MARK = 0x02;
const BRACE = 0x7b;
const BRACKET = 0x5b;

/**
 * What is sealed for a file's JSON. Version 2 always compresses, as restic does.
 * @param compress makes one zstd frame of the JSON
 */
export function encodeUnpacked(
  version: 1 | 2,
  json: Uint8Array,
  compress: (json: Uint8Array) => Uint8Array,
): Uint8Array {
  if (version === 1 || json.length === 0) return json;
  const frame = compress(json);
  const out = new Uint8Array(1 + frame.length);
  out[0] = ZSTD_MARK;
  out.set(frame, 1);
  return out;
}

/**
 * The JSON of an opened file. Returns a view of `plaintext` when it is not compressed.
 * @param decompress gives the content of one zstd frame, bounded by the caller
 * @param name names the file in errors
 * @throws BAD_FORMAT for another encoding, and what `decompress` throws
 */
export function decodeUnpacked(
  version: 1 | 2,
  plaintext: Uint8Array,
  decompress: (frame: Uint8Array) => Uint8Array,
  name = "The file",
): Uint8Array {
  if (version === 1 || plaintext.length === 0) return plaintext;
  const first = plaintext[0];
  if (first === BRACE || first === BRACKET) return plaintext;
  if (first === ZSTD_MARK) return decompress(plaintext.subarray(1));
  throw new CofferError("BAD_FORMAT", `${name} has an unknown encoding`, {
    data: { encoding: first! },
  });
}
