/** What every Zstd must do: exact round trips, and refusal of hostile or damaged frames. */
import { concatBytes, fromHex, toHex } from "#base/bytes.ts";
import { isCofferError, type CofferError } from "#base/errors.ts";
import type { ErrorCode } from "#base/error-codes.ts";
import type { Zstd } from "#codec/zstd.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { expectSame, thrownBy, type SuiteCase } from "#testkit/suite-case.ts";

/** "hello world\n" with the reference tool, checksum on; content size unknown, as from a pipe. */
const PIPED = "28b52ffd045861000068656c6c6f20776f726c640a8c6d7d20";

/** A frame of 8 MiB of zeros in RLE blocks of 128 KiB, without a content size: a small bomb. */
function bomb(blocks: number): Uint8Array {
  const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58);
  const block = (last: boolean): Uint8Array => {
    const word = ((128 * 1024) << 3) | (1 << 1) | (last ? 1 : 0);
    return Uint8Array.of(word & 0xff, (word >> 8) & 0xff, word >> 16, 0);
  };
  return concatBytes([
    header,
    ...Array.from({ length: blocks }, (_, i) => block(i === blocks - 1)),
  ]);
}

/** Half random, half repeating. */
export function mixedBytes(length: number, seed = 1): Uint8Array {
  const bytes = seededRandom(seed).fill(new Uint8Array(length));
  for (let i = 0; i < length; i++) if ((i >> 6) % 3 !== 0) bytes[i] = bytes[i % 64]!;
  return bytes;
}

const LENGTHS = [0, 1, 5, 100, 255, 256, 257, 1000, 4096, 65_536, 131_072, 131_073, 1_500_000];

/**
 * @param direction what the implementation offers
 * @param compress an independent compressor that makes frames to read
 */
export function zstdCases(
  create: () => Zstd,
  direction: "both" | "decompress",
  compress: (bytes: Uint8Array) => Uint8Array,
): SuiteCase[] {
  const round: SuiteCase = {
    name: "round trips at every length and level, in any order",
    run: () => {
      const zstd = create();
      for (const level of [1, 2, 19, 2, 7, 11, 3]) {
        for (const length of LENGTHS) {
          const bytes = mixedBytes(length);
          const content = zstd.decompress(zstd.compress(bytes, level), length);
          expectSame(`${length} at level ${level}`, same(content, bytes), true);
        }
      }
    },
  };
  return [...(direction === "both" ? [round] : []), ...readingCases(create, compress)];
}

function readingCases(
  create: () => Zstd,
  compress: (bytes: Uint8Array) => Uint8Array,
): SuiteCase[] {
  const refuses = (zstd: Zstd, what: string, frame: Uint8Array, most: number, code: ErrorCode) => {
    const error = thrownBy(what, () => zstd.decompress(frame, most));
    if (!isCofferError(error)) throw error;
    expectSame(what, (error satisfies CofferError).code, code);
  };
  return [
    {
      name: "reads frames of another compressor, and plain arrays come out",
      run: () => {
        const zstd = create();
        for (const length of LENGTHS) {
          const bytes = mixedBytes(length, 2);
          const content = zstd.decompress(compress(bytes), length + 10);
          expectSame(`${length}`, same(content, bytes), true);
          expectSame("type", Object.getPrototypeOf(content) === Uint8Array.prototype, true);
        }
      },
    },
    {
      name: "reads a frame without content size, with checksum",
      run: () => {
        const content = create().decompress(fromHex(PIPED)!, 12);
        expectSame("text", toHex(content), "68656c6c6f20776f726c640a");
      },
    },
    {
      name: "refuses truncation, trailing bytes and foreign input, then works on",
      run: () => {
        const zstd = create();
        const bytes = mixedBytes(3000);
        const frame = compress(bytes);
        const bad = (what: string, input: Uint8Array): void => {
          refuses(zstd, what, input, 3000, "BAD_FORMAT");
        };
        for (let cut = 0; cut < frame.length; cut += 13) bad(`cut ${cut}`, frame.subarray(0, cut));
        bad("all but one", frame.subarray(0, -1));
        bad("trailing", concatBytes([frame, new Uint8Array(1)]));
        bad("two frames", concatBytes([frame, frame]));
        bad("skippable", fromHex("502a4d180400000000000000")!);
        bad("zeros", new Uint8Array(100));
        bad("dictionary", fromHex("28b52ffd21010101000000")!);
        expectSame("afterwards", same(zstd.decompress(frame, 3000), bytes), true);
      },
    },
    {
      name: "refuses content beyond the limit, claimed or not",
      run: () => {
        const zstd = create();
        const bytes = mixedBytes(3000);
        refuses(zstd, "claimed", compress(bytes), 2999, "TOO_LARGE");
        refuses(zstd, "one byte less", fromHex(PIPED)!, 11, "TOO_LARGE");
        refuses(zstd, "nothing allowed", fromHex(PIPED)!, 0, "TOO_LARGE");
        refuses(zstd, "bomb", bomb(8192), 1_000_000, "TOO_LARGE");
        // Claims 2^40 bytes, then a window of 2^41 bytes.
        const claim = "28b52ffde0000000000001000001000000";
        refuses(zstd, "huge claim", fromHex(claim)!, 8 << 20, "TOO_LARGE");
        refuses(zstd, "huge window", fromHex("28b52ffd00ff010000")!, 8 << 20, "TOO_LARGE");
        expectSame("bomb that fits", zstd.decompress(bomb(64), 8 << 20).length, 8 << 20);
        expectSame("afterwards", same(zstd.decompress(compress(bytes), 3000), bytes), true);
      },
    },
    { name: "never gives wrong lengths or foreign errors for damage", run: () => damage(create) },
  ];
}

/**
 * Each byte of a frame changed: either refused, or (no checksum) other content of allowed length.
 */
function damage(create: () => Zstd): void {
  const zstd = create();
  const frame = fromHex(PIPED)!;
  for (let at = 0; at < frame.length; at++) {
    for (const flip of [0x01, 0x10, 0x80, 0xff]) {
      const changed = frame.slice();
      changed[at]! ^= flip;
      try {
        expectSame("length", zstd.decompress(changed, 5000).length <= 5000, true);
      } catch (error) {
        if (!isCofferError(error, "BAD_FORMAT", "TOO_LARGE")) throw error;
      }
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
