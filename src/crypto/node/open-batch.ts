/**
 * Opening many small messages with two cipher calls for all of them: OpenSSL's set-up and Node's
 * result buffers cost more than the encryption of a few KiB. docs/format.md, section 3.
 */
import { createCipheriv, timingSafeEqual } from "node:crypto";
import { SEAL_OVERHEAD, type Aead, type MasterKey } from "#crypto/crypto.ts";
import type { MacFactory } from "#crypto/node/node-mac.ts";
import { openOrNothing } from "#crypto/portable-aead.ts";
import { counterAfter, isZeroNonce, NONCE_LENGTH } from "#crypto/nonces.ts";

const BLOCK = 16;

/** Key stream made at once. */
const STREAM_BYTES = 256 * 1024;

/** Messages at once; each needs one block of pads. */
const MESSAGES = 512;

/** Longest message that takes part: beyond it the set-up of a cipher of its own is small change. */
export const MAX_BATCHED = 32 * 1024;

/** @param openOne opens what is too long, or damaged beyond having a nonce; throws BAD_MAC */
export function createBatchOpener(
  key: MasterKey,
  createMac: MacFactory,
  openOne: (message: Uint8Array) => Uint8Array,
): Aead["openAll"] {
  const padCipher = createCipheriv("aes-128-ecb", key.macK, null).setAutoPadding(false);
  // CTR mode is the block cipher over counters: this way one call serves all messages.
  const blockCipher = createCipheriv("aes-256-ecb", key.encrypt, null).setAutoPadding(false);
  const oneTimeKey = new Uint8Array(32);
  oneTimeKey.set(key.macR);
  const counters = new Uint32Array(STREAM_BYTES / 4);
  const counterBytes = new Uint8Array(counters.buffer);
  const plain = new Uint32Array(STREAM_BYTES / 4);
  const plainBytes = new Uint8Array(plain.buffer);
  const nonces = new Uint8Array(MESSAGES * NONCE_LENGTH);

  /** Counter blocks for one message, from byte `at` of the stream. */
  const fillCounters = (message: Uint8Array, at: number, blocks: number): void => {
    counterBytes.set(message.subarray(0, NONCE_LENGTH), at);
    const first = at / 4;
    const low =
      ((message[12]! << 24) | (message[13]! << 16) | (message[14]! << 8) | message[15]!) >>> 0;
    if (low + blocks > 0xffff_ffff) {
      const nonce = message.slice(0, NONCE_LENGTH);
      for (let i = 1; i < blocks; i++) counterBytes.set(counterAfter(nonce, i), at + i * BLOCK);
      return;
    }
    const [a, b, c] = [counters[first]!, counters[first + 1]!, counters[first + 2]!];
    for (let i = 1, word = first + 4; i < blocks; i++, word += 4) {
      const v = low + i;
      counters[word] = a;
      counters[word + 1] = b;
      counters[word + 2] = c;
      // The machine is little-endian, the counter is not.
      counters[word + 3] =
        (v >>> 24) | ((v >>> 8) & 0xff00) | ((v << 8) & 0xff_0000) | ((v & 0xff) << 24);
    }
  };

  const authentic = (message: Uint8Array, pad: Uint8Array): boolean => {
    oneTimeKey.set(pad, 16);
    const mac = createMac(oneTimeKey);
    mac.update(message.subarray(NONCE_LENGTH, message.length - 16));
    return timingSafeEqual(mac.digest(), message.subarray(message.length - 16));
  };

  const openGroup = (
    messages: readonly Uint8Array[],
    from: number,
    to: number,
    visit: (index: number, plaintext: Uint8Array | undefined) => void,
  ): void => {
    let bytes = 0;
    for (let i = from; i < to; i++) {
      const message = messages[i]!;
      nonces.set(message.subarray(0, NONCE_LENGTH), (i - from) * NONCE_LENGTH);
      const blocks = blocksOf(message);
      if (blocks > 0) fillCounters(message, bytes, blocks);
      bytes += blocks * BLOCK;
    }
    const pads = padCipher.update(nonces.subarray(0, (to - from) * NONCE_LENGTH));
    const made = blockCipher.update(counterBytes.subarray(0, bytes));
    const stream = new Uint32Array(made.buffer, made.byteOffset, bytes / 4);
    let at = 0;
    for (let i = from; i < to; i++) {
      const message = messages[i]!;
      const length = message.length - SEAL_OVERHEAD;
      const pad = pads.subarray((i - from) * NONCE_LENGTH, (i - from + 1) * NONCE_LENGTH);
      if (isZeroNonce(message) || !authentic(message, pad)) visit(i, undefined);
      else {
        plainBytes.set(message.subarray(NONCE_LENGTH, NONCE_LENGTH + length), at);
        const end = (at + length + 3) >> 2;
        for (let word = at >> 2; word < end; word++) plain[word]! ^= stream[word]!;
        visit(i, plainBytes.subarray(at, at + length));
      }
      at += blocksOf(message) * BLOCK;
    }
    made.buffer.transfer(0);
  };

  return (messages, visit) => {
    let from = 0;
    while (from < messages.length) {
      let to = from;
      let bytes = 0;
      while (to < messages.length && to - from < MESSAGES && fits(messages[to]!)) {
        const more = blocksOf(messages[to]!) * BLOCK;
        if (bytes + more > STREAM_BYTES) break;
        bytes += more;
        to++;
      }
      if (to > from) openGroup(messages, from, to, visit);
      else visit(to, openOrNothing(openOne, messages[to++]!));
      from = to;
    }
  };
}

function fits(message: Uint8Array): boolean {
  return message.length >= SEAL_OVERHEAD && message.length <= MAX_BATCHED;
}

function blocksOf(message: Uint8Array): number {
  return Math.ceil((message.length - SEAL_OVERHEAD) / BLOCK);
}
