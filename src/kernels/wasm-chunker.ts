/**
 * The chunker on the SIMD kernel of assembly/rabin.as. docs/format.md, section 10; figures:
 * docs/adr/0003-kernels.md.
 */
import { MAX_CHUNK, MIN_CHUNK, type Chunker } from "#chunker/chunker.ts";
import { POLYNOMIAL_DEGREE, rabinTables, type RabinTables } from "#chunker/polynomial.ts";
import { RABIN_PLAIN_WASM } from "#kernels/rabin-plain.wasm.ts";
import { RABIN_WASM } from "#kernels/rabin.wasm.ts";
import { loadFirst } from "#base/wasm-kernel.ts";

/** Places in the kernel's memory; see assembly/rabin.as. */
const NIBBLES = 1024;
const OUT = 2048;
const MOD = 4096;
const WINDOW = 16_384;
const READ_AHEAD = 1024 * 1024;
/** The kernel holds digests shifted left by this, so that the byte to be reduced is a whole one. */
const SHIFT = BigInt(56 - POLYNOMIAL_DEGREE);

/** The build with relaxed SIMD, and the one without, at two fifths of its speed. */
const BUILDS = [RABIN_WASM, RABIN_PLAIN_WASM];

/**
 * See {@link Chunker}. Takes 9.1 MiB, of which only the touched part of the window is real. The
 * caller has checked the polynomial; `builds` is for tests.
 */
export function createWasmChunker(polynomial: bigint, builds = BUILDS): Chunker {
  const kernel = loadFirst<"scan">(builds);
  const { memory } = kernel;
  writeTables(memory, rabinTables(polynomial));
  const window = memory.subarray(WINDOW, WINDOW + MAX_CHUNK + READ_AHEAD);
  const progress = { start: -1, scanned: 0 };
  return {
    window,
    cut(start, end, final) {
      if (progress.start !== start) {
        progress.start = start;
        // The first place where a cut may fall; none before it is hashed.
        progress.scanned = start + MIN_CHUNK - 1;
      }
      const limit = Math.min(end, start + MAX_CHUNK);
      if (limit > progress.scanned) {
        const after = kernel.call.scan(WINDOW + progress.scanned, WINDOW + limit);
        progress.scanned = limit;
        if (after !== 0) {
          progress.start = -1;
          return after - WINDOW - start;
        }
      }
      if (limit < start + MAX_CHUNK && !final) return 0;
      progress.start = -1;
      return limit - start;
    },
    reset() {
      progress.start = -1;
    },
  };
}

/** Whole tables for single bytes, and their 16-entry halves in byte planes for the lanes. */
function writeTables(memory: Uint8Array, tables: RabinTables): void {
  const view = new DataView(memory.buffer);
  for (let b = 0; b < 256; b++) {
    view.setBigUint64(OUT + 8 * b, tables.out[b]!, true);
    view.setBigUint64(MOD + 8 * b, tables.mod[b]!, true);
  }
  const degreeMask = (1n << BigInt(POLYNOMIAL_DEGREE)) - 1n;
  for (const [kind, table] of [tables.mod, tables.out].entries()) {
    for (let entry = 0; entry < 32; entry++) {
      const isHigh = entry >= 16;
      const value = (table[isHigh ? (entry - 16) << 4 : entry]! & degreeMask) << SHIFT;
      for (let plane = 0; plane < 7; plane++) {
        const at = NIBBLES + (kind * 14 + plane * 2) * 16 + entry;
        memory[at] = Number((value >> BigInt(8 * plane)) & 0xffn);
      }
    }
  }
}
