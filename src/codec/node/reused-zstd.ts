/**
 * Zstandard over contexts that are kept: one for each level, one for decompression. Small blobs
 * take a fifth of the time that a context each would cost. docs/format.md, section 11.
 */
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import { ZstdContext } from "#codec/node/zstd-context.ts";
import {
  checkContentLength,
  readFrameOutline,
  tooLarge,
  undecodable,
  type FrameOutline,
} from "#codec/zstd-frame.ts";
import type { Zstd } from "#codec/zstd.ts";

/** Output room that is kept between calls; memory only as far as it was ever filled. */
const SCRATCH = 1024 * 1024;

/** ZSTD_COMPRESSBOUND of zstd.h, and room so that the output never ends exactly full. */
function compressBound(length: number): number {
  const small = length < 131_072 ? (131_072 - length) >>> 11 : 0;
  return length + (length >>> 8) + small + 64;
}

/**
 * A Zstd on kept contexts, or undefined when this Node's private handle does not work as expected.
 */
export function tryReusedZstd(): Zstd | undefined {
  try {
    const zstd = new ReusedZstd();
    return passesSelfTest(zstd) ? zstd : undefined;
  } catch {
    // Anything may come out of a private interface that has changed; the documented one remains.
    return undefined;
  }
}

class ReusedZstd implements Zstd {
  readonly #compressors = new Map<number, ZstdContext>();
  readonly #scratch = new Uint8Array(SCRATCH);
  #decompressor: ZstdContext | undefined;

  compress(bytes: Uint8Array, level: number): Uint8Array {
    let context = this.#compressors.get(level);
    if (context === undefined) {
      context = ZstdContext.forCompression(level);
      this.#compressors.set(level, context);
    }
    const bound = compressBound(bytes.length);
    const kept = bound <= SCRATCH;
    const output = kept ? this.#scratch : new Uint8Array(bound);
    try {
      context.run(bytes, 0, output);
    } catch (cause) {
      this.#compressors.delete(level);
      context.close();
      throw new CofferError("INTERNAL", "Compression failed", { cause });
    }
    if (context.unread !== 0 || context.written === output.length) {
      this.#compressors.delete(level);
      context.close();
      throw new CofferError("INTERNAL", "Compression did not finish a frame");
    }
    if (kept) return output.slice(0, context.written);
    // Gives the large buffer back at once, not when the collector next runs.
    return new Uint8Array(output.buffer.transfer(context.written));
  }

  decompress(frame: Uint8Array, maxLength: number, room?: Uint8Array): Uint8Array {
    const outline = readFrameOutline(frame, maxLength);
    const context = (this.#decompressor ??= ZstdContext.forDecompression());
    try {
      return outline.contentSize === undefined || outline.contentSize === 0
        ? this.#decodeUnsized(context, frame, outline, maxLength)
        : decodeSized(context, frame, outline.contentSize, room);
    } catch (error) {
      this.#decompressor = undefined;
      context.close();
      throw isCofferError(error) ? error : undecodable(error);
    }
  }

  #decodeUnsized(
    context: ZstdContext,
    frame: Uint8Array,
    outline: FrameOutline,
    maxLength: number,
  ): Uint8Array {
    let content = new Uint8Array(0);
    let from = 0;
    for (;;) {
      context.run(frame, from, this.#scratch);
      const length = content.length + context.written;
      if (length > maxLength) throw tooLarge(maxLength);
      if (context.written > 0) {
        const grown = new Uint8Array(content.buffer.transfer(length));
        grown.set(this.#scratch.subarray(0, context.written), content.length);
        content = grown;
      }
      const consumed = frame.length - context.unread - from;
      from += consumed;
      if (context.unread === 0 && context.written < SCRATCH) break;
      if (consumed === 0 && context.written === 0) throw new Error("decoder makes no progress");
    }
    checkContentLength(outline, content.length);
    return content;
  }
}

function decodeSized(
  context: ZstdContext,
  frame: Uint8Array,
  size: number,
  room: Uint8Array | undefined,
): Uint8Array {
  const fits = room !== undefined && size <= room.length;
  const content = fits ? room.subarray(0, size) : new Uint8Array(size);
  context.run(frame, 0, content);
  if (context.unread !== 0 || context.written !== size) {
    throw new Error("content is not as long as the header says");
  }
  return content;
}

/** Sizes around the frame format's borders, and one larger than a block. */
const TESTED_SIZES = [0, 1, 255, 256, 5000, 140_000];

/** Round trips, an error, and round trips again: nothing may linger from the frame before. */
function passesSelfTest(zstd: Zstd): boolean {
  // Runs at every start: a plain loop, since an iterator would take 20 ms.
  const largest = new Uint8Array(TESTED_SIZES.at(-1)!);
  for (let i = 0; i < largest.length; i++) largest[i] = (i * i) >>> 5;
  const roundTrips = (): boolean =>
    TESTED_SIZES.every((size) => {
      const bytes = largest.subarray(0, size);
      return equalBytes(zstd.decompress(zstd.compress(bytes, 1), size), bytes);
    });
  if (!roundTrips()) return false;
  const damaged = zstd.compress(new Uint8Array(5000).fill(1), 1);
  // The first block's literals: a length beyond the block.
  damaged.fill(0xff, damaged.length - 4);
  try {
    zstd.decompress(damaged, 5000);
    return false;
  } catch (error) {
    if (!isCofferError(error, "BAD_FORMAT")) return false;
  }
  return roundTrips();
}
