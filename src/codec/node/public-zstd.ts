/**
 * Zstandard over zlib's documented functions: a new context for each call, 15 to 30 µs, so it is
 * the fallback of reused-zstd.ts. docs/format.md, section 11.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { zstdParameters } from "#codec/node/zstd-parameters.ts";
import { checkContentLength, readFrameOutline, tooLarge, undecodable } from "#codec/zstd-frame.ts";
import type { Zstd } from "#codec/zstd.ts";

/** zlib refuses smaller output buffers. */
const LEAST_CHUNK = 64;

export function createPublicZstd(): Zstd {
  return {
    compress(bytes, level) {
      const frame = zstdCompressSync(bytes, { params: zstdParameters(level) });
      return new Uint8Array(frame.buffer, frame.byteOffset, frame.length);
    },
    decompress(frame, maxLength) {
      const outline = readFrameOutline(frame, maxLength);
      const most = Math.min(outline.mostContent, maxLength);
      let content: Uint8Array;
      try {
        content = zstdDecompressSync(frame, {
          maxOutputLength: Math.max(1, most),
          chunkSize: Math.max(LEAST_CHUNK, most),
        });
      } catch (error) {
        if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE")
          throw tooLarge(maxLength);
        throw undecodable(error);
      }
      if (content.length > maxLength) throw tooLarge(maxLength);
      checkContentLength(outline, content.length);
      return new Uint8Array(content.buffer, content.byteOffset, content.length);
    },
  };
}
