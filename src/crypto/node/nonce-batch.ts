/**
 * Nonces with what is derived from them, many at a time: one call for randomness and one for AES
 * instead of one for each message. docs/format.md, section 3.
 */
import { createCipheriv } from "node:crypto";
import { loadKernel } from "#base/wasm-kernel.ts";
import type { Random } from "#base/random.ts";
import type { MasterKey } from "#crypto/crypto.ts";
import { drawNonces, NONCE_LENGTH } from "#crypto/nonces.ts";
import { SMALL_SEAL_WASM } from "#crypto/small-seal.wasm.ts";

/** Places in the kernel's memory; see assembly/small-seal.as. */
const MAC_R = 128;
const MESSAGE = 4096;
const PLAIN = 8192;
const PLAIN_AGAIN = 12_288;
const NONCES = 16_384;
const PADS = 20_480;
const STREAMS = 65_536;
const STREAMS_AGAIN = 327_680;
const BATCH = 128;
/** Longest message sealed here; beyond it OpenSSL's own route is as fast. */
export const SMALL_LENGTH = 2048;

export interface NonceBatch {
  /** Takes a fresh nonce; its number is valid until the next call. */
  next(): number;
  nonce(slot: number): Uint8Array;
  pad(slot: number): Uint8Array;
  /**
   * Seals a message of at most SMALL_LENGTH bytes. The result is a view that the next call
   * overwrites; undefined when `verify` found that it does not decrypt to the plaintext.
   */
  sealSmall(slot: number, plaintext: Uint8Array, verify: boolean): Uint8Array | undefined;
}

/** Half a MiB of key streams made in advance, from the first small message on. */
export function createNonceBatch(key: MasterKey, random: Random): NonceBatch {
  const { memory, call } = loadKernel<"counters" | "seal" | "verify">(SMALL_SEAL_WASM);
  const padCipher = createCipheriv("aes-128-ecb", key.macK, null).setAutoPadding(false);
  // CTR mode is the block cipher over counters: this way one cipher serves all messages.
  const blockCipher = createCipheriv("aes-256-ecb", key.encrypt, null).setAutoPadding(false);
  const nonces = memory.subarray(NONCES, NONCES + BATCH * NONCE_LENGTH);
  memory.set(key.macR, MAC_R);
  let used = BATCH;
  let streams = false;
  let streamsAgain = false;

  const makeStreams = (again: boolean): void => {
    const at = again ? STREAMS_AGAIN : STREAMS;
    call.counters(again ? 1 : 0);
    const made = blockCipher.update(memory.subarray(at, at + BATCH * SMALL_LENGTH));
    memory.set(made, at);
    made.buffer.transfer(0);
  };

  return {
    next() {
      if (used === BATCH) {
        drawNonces(random, nonces);
        memory.set(padCipher.update(nonces), PADS);
        used = 0;
        streams = false;
        streamsAgain = false;
      }
      return used++;
    },
    nonce: (slot) => nonces.slice(slot * NONCE_LENGTH, (slot + 1) * NONCE_LENGTH),
    pad: (slot) => memory.subarray(PADS + slot * NONCE_LENGTH, PADS + (slot + 1) * NONCE_LENGTH),
    sealSmall(slot, plaintext, verify) {
      if (!streams) makeStreams(false);
      streams = true;
      memory.set(plaintext, PLAIN);
      call.seal(slot, plaintext.length);
      if (verify) {
        if (!streamsAgain) makeStreams(true);
        streamsAgain = true;
        memory.set(plaintext, PLAIN_AGAIN);
        if (call.verify(slot, plaintext.length) !== 1) return undefined;
      }
      return memory.subarray(MESSAGE, MESSAGE + plaintext.length + 32);
    },
  };
}
