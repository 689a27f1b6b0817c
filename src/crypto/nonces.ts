/**
 * Nonces and what the format derives from them. A nonce is 16 fresh random bytes; the all-zero one
 * is refused on writing and on reading. docs/format.md, section 3.
 */
import type { Random } from "#base/random.ts";

export const NONCE_LENGTH = 16;

/** True when `bytes[at, at + 16)` is the nonce that restic forbids. */
export function isZeroNonce(bytes: Uint8Array, at = 0): boolean {
  let any = 0;
  for (let i = 0; i < NONCE_LENGTH; i++) any |= bytes[at + i]!;
  return any === 0;
}

/** Fills an array with nonces, drawing it again in the (2^-128) case that one is all zero. */
export function drawNonces(random: Random, nonces: Uint8Array): void {
  for (;;) {
    random.fill(nonces);
    let sound = true;
    for (let at = 0; at < nonces.length; at += NONCE_LENGTH) {
      if (isZeroNonce(nonces, at)) sound = false;
    }
    if (sound) return;
  }
}

/** The counter block `blocks` after the nonce: one 128-bit big-endian number that wraps. */
export function counterAfter(nonce: Uint8Array, blocks: number): Uint8Array {
  const counter = nonce.slice();
  let carry = blocks;
  for (let i = NONCE_LENGTH - 1; i >= 0 && carry > 0; i--) {
    const sum = counter[i]! + (carry % 256);
    counter[i] = sum & 0xff;
    carry = Math.floor(carry / 256) + (sum >> 8);
  }
  return counter;
}
