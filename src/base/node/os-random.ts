/** Randomness from the operating system, through OpenSSL's generator. */
import { randomFillSync } from "node:crypto";
import type { Random } from "#base/random.ts";

/** The production source. One call costs about a microsecond, so draw many values at once. */
export function createOsRandom(): Random {
  return {
    fill<T extends Uint8Array>(bytes: T): T {
      randomFillSync(bytes);
      return bytes;
    },
  };
}
