/** Randomness from the browser's generator. */
import type { Random } from "#base/random.ts";

/** getRandomValues refuses more in one call (Web Cryptography API, section 10.1.1). */
const QUOTA = 65_536;

/** The production source in pages and their workers. */
export function createBrowserRandom(): Random {
  return {
    fill<T extends Uint8Array>(bytes: T): T {
      for (let at = 0; at < bytes.length; at += QUOTA) {
        crypto.getRandomValues(bytes.subarray(at, at + QUOTA) as Uint8Array<ArrayBuffer>);
      }
      return bytes;
    },
  };
}
