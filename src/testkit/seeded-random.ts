/** Randomness that repeats: the same seed gives the same bytes, on every platform. Tests only. */
import type { Random } from "#base/random.ts";

/**
 * A sfc32 generator (Doty-Humphrey's "Small Fast Counter"). How a caller splits its requests does
 * not change the bytes.
 */
export function seededRandom(seed: number): Random {
  let a = 0;
  let b = seed >>> 0;
  let c = 0;
  let counter = 1;
  let word = 0;
  let left = 0;
  const next = (): number => {
    const out = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + out) >>> 0;
    return out;
  };
  // The generator's authors discard the first outputs while the state mixes.
  for (let i = 0; i < 12; i++) next();
  return {
    fill<T extends Uint8Array>(bytes: T): T {
      for (let i = 0; i < bytes.length; i++) {
        if (left === 0) {
          word = next();
          left = 4;
        }
        bytes[i] = word & 0xff;
        word >>>= 8;
        left--;
      }
      return bytes;
    },
  };
}
