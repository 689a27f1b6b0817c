/**
 * The chunker in plain TypeScript, the fingerprint in two 32-bit halves: the yardstick for the WASM
 * kernel, and its fallback. About 150 MiB/s. docs/format.md, section 10.
 */
import { MAX_CHUNK, MIN_CHUNK, type Chunker } from "#chunker/chunker.ts";
import { POLYNOMIAL_DEGREE, rabinTables, WINDOW_LENGTH } from "#chunker/polynomial.ts";

/** A cut falls where these low bits of the fingerprint are zero: one place in a MiB. */
export const CUT_MASK = 0xf_ffff;
/** Room beyond one largest chunk, so that reads stay large while a chunk is being decided. */
const READ_AHEAD = 1024 * 1024;
/** Shift that brings the 8 bits to be reduced down, counted in the high half. */
const TOP_SHIFT = POLYNOMIAL_DEGREE - 8 - 32;

/** See {@link Chunker}. The caller has checked the polynomial. */
export function createReferenceChunker(polynomial: bigint): Chunker {
  const window = new Uint8Array(MAX_CHUNK + READ_AHEAD);
  const tables = rabinTables(polynomial);
  const [outLow, outHigh] = halves(tables.out);
  const [modLow, modHigh] = halves(tables.mod);
  const progress = { start: -1, scanned: 0, low: 0, high: 0 };

  /** Slides bytes `[from, to)` in; gives the place after the first cut, or -1. */
  const scan = (start: number, from: number, to: number): number => {
    let { low, high } = progress;
    const firstHashed = start + MIN_CHUNK - WINDOW_LENGTH;
    for (let at = from; at < to; at++) {
      // Before the window is full, what leaves it is the zero that it began with.
      const leaving = at - WINDOW_LENGTH < firstHashed ? 0 : window[at - WINDOW_LENGTH]!;
      low ^= outLow[leaving]!;
      high ^= outHigh[leaving]!;
      const top = (high >>> TOP_SHIFT) & 0xff;
      high = ((high << 8) | (low >>> 24)) ^ modHigh[top]!;
      low = ((low << 8) | window[at]!) ^ modLow[top]!;
      if ((low & CUT_MASK) === 0 && at + 1 - start >= MIN_CHUNK) return at + 1;
    }
    progress.low = low;
    progress.high = high;
    return -1;
  };

  return {
    window,
    cut(start, end, final) {
      if (progress.start !== start) {
        progress.start = start;
        progress.scanned = start + MIN_CHUNK - WINDOW_LENGTH;
        progress.low = 0;
        progress.high = 0;
      }
      const limit = Math.min(end, start + MAX_CHUNK);
      if (limit > progress.scanned) {
        const place = scan(start, progress.scanned, limit);
        progress.scanned = limit;
        if (place >= 0) {
          progress.start = -1;
          return place - start;
        }
      }
      if (limit === start + MAX_CHUNK || final) {
        progress.start = -1;
        return limit - start;
      }
      return 0;
    },
    reset() {
      progress.start = -1;
    },
  };
}

function halves(table: BigUint64Array): [low: Int32Array, high: Int32Array] {
  const low = new Int32Array(table.length);
  const high = new Int32Array(table.length);
  for (let i = 0; i < table.length; i++) {
    low[i] = Number(BigInt.asIntN(32, table[i]!));
    high[i] = Number(BigInt.asIntN(32, table[i]! >> 32n));
  }
  return [low, high];
}
