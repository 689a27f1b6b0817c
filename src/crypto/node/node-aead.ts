/** The AEAD on OpenSSL. docs/format.md, section 3. */
import { createCipheriv, createSecretKey, timingSafeEqual } from "node:crypto";
import type { Random } from "#base/random.ts";
import { SEAL_OVERHEAD, type Aead, type MasterKey } from "#crypto/crypto.ts";
import { findNativeMac, type MacFactory } from "#crypto/node/node-mac.ts";
import { drawNonces, isZeroNonce, NONCE_LENGTH } from "#crypto/nonces.ts";
import { badMac, badSeal, PIECE_LENGTH } from "#crypto/portable-aead.ts";
import { createWasmMac } from "#crypto/wasm-poly1305.ts";

/** Nonces drawn, and turned into pads, at once: one call of each per this many messages. */
const BATCH = 256;

/**
 * Keys are copied. `createMac` is for tests, which run both routes; otherwise OpenSSL's MAC is used
 * where there is one.
 */
export function createNodeAead(
  key: MasterKey,
  random: Random,
  createMac: MacFactory = findNativeMac() ?? createWasmMac,
): Aead {
  const encrypt = createSecretKey(key.encrypt);
  const padCipher = createCipheriv("aes-128-ecb", key.macK, null).setAutoPadding(false);
  const oneTimeKey = new Uint8Array(32);
  oneTimeKey.set(key.macR);
  const nonces = new Uint8Array(BATCH * NONCE_LENGTH);
  let pads: Uint8Array = nonces;
  let used = BATCH;

  const sealPieces: Aead["sealPieces"] = (plaintext, verify, emit) => {
    if (used === BATCH) {
      drawNonces(random, nonces);
      pads = padCipher.update(nonces);
      used = 0;
    }
    const at = used * NONCE_LENGTH;
    used++;
    const nonce = nonces.slice(at, at + NONCE_LENGTH);
    oneTimeKey.set(pads.subarray(at, at + NONCE_LENGTH), 16);
    const cipher = createCipheriv("aes-256-ctr", encrypt, nonce);
    const mac = createMac(oneTimeKey);
    const again = verify ? createCipheriv("aes-256-ctr", encrypt, nonce) : undefined;
    const macAgain = verify ? createMac(oneTimeKey) : undefined;
    emit(nonce);
    for (let from = 0; from < plaintext.length; from += PIECE_LENGTH) {
      const plain = plaintext.subarray(from, from + PIECE_LENGTH);
      const sealed = cipher.update(plain);
      mac.update(sealed);
      if (again !== undefined) {
        if (!again.update(sealed).equals(plain)) throw badSeal();
        macAgain?.update(sealed);
      }
      emit(new Uint8Array(sealed.buffer, sealed.byteOffset, sealed.length));
    }
    const tag = mac.digest();
    if (macAgain !== undefined && !timingSafeEqual(macAgain.digest(), tag)) throw badSeal();
    emit(new Uint8Array(tag));
  };

  return {
    sealPieces,
    seal(plaintext) {
      const out = new Uint8Array(plaintext.length + SEAL_OVERHEAD);
      let at = 0;
      sealPieces(plaintext, false, (piece) => {
        out.set(piece, at);
        at += piece.length;
      });
      return out;
    },
    open(message) {
      const end = message.length - 16;
      if (message.length < SEAL_OVERHEAD || isZeroNonce(message)) throw badMac();
      const nonce = message.subarray(0, NONCE_LENGTH);
      const ciphertext = message.subarray(NONCE_LENGTH, end);
      oneTimeKey.set(padCipher.update(nonce), 16);
      const mac = createMac(oneTimeKey);
      mac.update(ciphertext);
      if (!timingSafeEqual(mac.digest(), message.subarray(end))) throw badMac();
      const plain = createCipheriv("aes-256-ctr", encrypt, nonce).update(ciphertext);
      return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
    },
  };
}
