/**
 * Zstandard in JavaScript for browsers, which only read: npm fzstd behind the same guarantees.
 * docs/format.md, section 11.
 */
import { Decompress } from "fzstd";
import { concatBytes } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import { checkContentLength, readFrameOutline, tooLarge, undecodable } from "#codec/zstd-frame.ts";
import type { Zstd } from "#codec/zstd.ts";

/**
 * Decompression only; `compress` throws UNSUPPORTED. fzstd does not verify the frame's own
 * checksum, which restic's frames do not have: every blob is checked by its SHA-256 anyway.
 */
export function createFzstd(): Zstd {
  return {
    compress() {
      throw new CofferError(
        "UNSUPPORTED",
        "This platform can read compressed data but not write it",
      );
    },
    decompress(frame, maxLength) {
      const outline = readFrameOutline(frame, maxLength);
      const content = decode(frame, Math.min(maxLength, outline.mostContent), maxLength);
      checkContentLength(outline, content.length);
      return content;
    },
  };
}

/** Block by block, so that a frame which expands beyond its claim is stopped where it does. */
function decode(frame: Uint8Array, most: number, maxLength: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const decoder = new Decompress((part) => {
    length += part.length;
    if (length > most) throw tooLarge(maxLength);
    // The decoder goes on using the memory behind the part.
    parts.push(part.slice());
  });
  try {
    decoder.push(frame, true);
  } catch (error) {
    throw isCofferError(error) ? error : undecodable(error);
  }
  return concatBytes(parts);
}
