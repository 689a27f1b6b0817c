/**
 * The AEAD on OpenSSL, and for small messages on OpenSSL's key streams with the WASM MAC.
 * docs/format.md, section 3; figures: docs/adr/0003-kernels.md.
 */
import { type Cipheriv, createCipheriv, createSecretKey, timingSafeEqual } from "node:crypto";
import type { Random } from "#base/random.ts";
import { SEAL_OVERHEAD, type Aead, type MasterKey } from "#crypto/crypto.ts";
import { findNativeMac, type MacFactory } from "#crypto/node/node-mac.ts";
import { createBatchOpener } from "#crypto/node/open-batch.ts";
import { createNonceBatch, SMALL_LENGTH } from "#crypto/node/nonce-batch.ts";
import { isZeroNonce, NONCE_LENGTH } from "#crypto/nonces.ts";
import { badMac, badSeal } from "#crypto/portable-aead.ts";
import { createWasmMac } from "#crypto/wasm-poly1305.ts";

/**
 * Bytes given to OpenSSL at once. Node copies each result to a buffer one byte shorter; at lengths
 * that are multiples of 4 KiB the two lie so that the copy takes as long as the encryption
 * (measured: 64 KiB twice the time of 63 KiB), and above 128 KiB the allocator asks the system for
 * each.
 */
const PIECE = 95 * 1024;

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
  const batch = createNonceBatch(key, random);
  const oneTimeKey = new Uint8Array(32);
  oneTimeKey.set(key.macR);

  const sealLarge = (
    slot: number,
    plaintext: Uint8Array,
    verify: boolean,
    emit: (piece: Uint8Array) => void,
  ): void => {
    const nonce = batch.nonce(slot);
    oneTimeKey.set(batch.pad(slot), 16);
    const cipher = createCipheriv("aes-256-ctr", encrypt, nonce);
    const mac = createMac(oneTimeKey);
    const again = verify ? createCipheriv("aes-256-ctr", encrypt, nonce) : undefined;
    const macAgain = verify ? createMac(oneTimeKey) : undefined;
    emit(nonce);
    for (let from = 0; from < plaintext.length; from += PIECE) {
      const plain = plaintext.subarray(from, from + PIECE);
      const sealed = cipher.update(plain);
      mac.update(sealed);
      if (again !== undefined) {
        const opened = again.update(sealed);
        if (!opened.equals(plain)) throw badSeal();
        opened.buffer.transfer(0);
        macAgain?.update(sealed);
      }
      emit(new Uint8Array(sealed.buffer, sealed.byteOffset, sealed.length));
      // Gives the memory back at once: the next piece is then made in it, still in the cache.
      sealed.buffer.transfer(0);
    }
    const tag = mac.digest();
    if (macAgain !== undefined && !timingSafeEqual(macAgain.digest(), tag)) throw badSeal();
    emit(new Uint8Array(tag));
  };

  /** Checks the MAC and gives what decrypts the message. */
  const unseal = (message: Uint8Array): { cipher: Cipheriv; ciphertext: Uint8Array } => {
    const end = message.length - 16;
    if (message.length < SEAL_OVERHEAD || isZeroNonce(message)) throw badMac();
    const nonce = message.subarray(0, NONCE_LENGTH);
    const ciphertext = message.subarray(NONCE_LENGTH, end);
    oneTimeKey.set(padCipher.update(nonce), 16);
    const mac = createMac(oneTimeKey);
    mac.update(ciphertext);
    if (!timingSafeEqual(mac.digest(), message.subarray(end))) throw badMac();
    return { cipher: createCipheriv("aes-256-ctr", encrypt, nonce), ciphertext };
  };

  const openPieces: Aead["openPieces"] = (message, emit) => {
    const { cipher, ciphertext } = unseal(message);
    for (let at = 0; at < ciphertext.length; at += PIECE) {
      const plain = cipher.update(ciphertext.subarray(at, at + PIECE));
      emit(new Uint8Array(plain.buffer, plain.byteOffset, plain.length));
      plain.buffer.transfer(0);
    }
  };

  const sealPieces: Aead["sealPieces"] = (plaintext, verify, emit) => {
    const slot = batch.next();
    if (plaintext.length > SMALL_LENGTH) {
      sealLarge(slot, plaintext, verify, emit);
      return;
    }
    const message = batch.sealSmall(slot, plaintext, verify);
    if (message === undefined) throw badSeal();
    emit(message);
  };

  const open = (message: Uint8Array): Uint8Array => {
    if (message.length <= PIECE + SEAL_OVERHEAD) {
      const { cipher, ciphertext } = unseal(message);
      const plain = cipher.update(ciphertext);
      return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
    }
    const out = new Uint8Array(message.length - SEAL_OVERHEAD);
    let at = 0;
    openPieces(message, (piece) => {
      out.set(piece, at);
      at += piece.length;
    });
    return out;
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
    openPieces,
    open,
    openAll: createBatchOpener(key, createMac, open),
  };
}
