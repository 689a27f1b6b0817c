/**
 * The AEAD of docs/format.md section 3 over three primitives, without any runtime: shared by the
 * reference and the WASM implementation.
 */
import { CofferError, isCofferError } from "#base/errors.ts";
import type { Random } from "#base/random.ts";
import { SEAL_OVERHEAD, type Aead, type MasterKey } from "#crypto/crypto.ts";
import { counterAfter, drawNonces, isZeroNonce, NONCE_LENGTH } from "#crypto/nonces.ts";

/** Largest piece handed to `emit`: small enough to stay in the second-level cache. */
export const PIECE_LENGTH = 256 * 1024;

/** Running MAC; the array from `digest` is new. */
export interface Mac {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** What an implementation brings. All arrays returned are new and belong to the caller. */
export interface AeadPrimitives {
  /** AES-256-CTR under the master key, starting at a counter block. Its own inverse. */
  ctr(counter: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** AES-128 of one block under the MAC's `k`. */
  pad(nonce: Uint8Array): Uint8Array;
  /** A Poly1305 with key `r ‖ pad`, 32 bytes. */
  createMac(oneTimeKey: Uint8Array): Mac;
}

/** True when both arrays hold the same bytes; the time does not depend on where they differ. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** The error of a message that is not what was sealed. Says nothing about the content. */
export function badMac(): CofferError {
  return new CofferError("BAD_MAC", "Sealed message failed its authentication");
}

/**
 * The error of {@link Aead.sealPieces} when what it wrote does not decrypt to what it was given.
 */
export function badSeal(): CofferError {
  return new CofferError(
    "BAD_MAC",
    "A freshly encrypted message did not decrypt to its plaintext; memory or processor may be faulty",
  );
}

/** Keys are copied, so that the caller may wipe its own. */
export function createPortableAead(
  primitives: AeadPrimitives,
  key: MasterKey,
  random: Random,
): Aead {
  const macR = key.macR.slice();

  const startMac = (nonce: Uint8Array): Mac => {
    const oneTimeKey = new Uint8Array(32);
    oneTimeKey.set(macR);
    oneTimeKey.set(primitives.pad(nonce), 16);
    return primitives.createMac(oneTimeKey);
  };

  const sealPieces: Aead["sealPieces"] = (plaintext, verify, emit) => {
    const nonce = new Uint8Array(NONCE_LENGTH);
    drawNonces(random, nonce);
    const mac = startMac(nonce);
    const second = verify ? startMac(nonce) : undefined;
    emit(nonce);
    for (let at = 0; at < plaintext.length; at += PIECE_LENGTH) {
      const plain = plaintext.subarray(at, at + PIECE_LENGTH);
      const counter = counterAfter(nonce, at / 16);
      const piece = primitives.ctr(counter, plain);
      mac.update(piece);
      if (second !== undefined) {
        if (!equalConstantTime(primitives.ctr(counter, piece), plain)) throw badSeal();
        second.update(piece);
      }
      emit(piece);
    }
    const tag = mac.digest();
    if (second !== undefined && !equalConstantTime(second.digest(), tag)) throw badSeal();
    emit(tag);
  };

  const open = (message: Uint8Array): Uint8Array => {
    if (message.length < SEAL_OVERHEAD || isZeroNonce(message)) throw badMac();
    const nonce = message.slice(0, NONCE_LENGTH);
    const ciphertext = message.subarray(NONCE_LENGTH, message.length - 16);
    const mac = startMac(nonce);
    mac.update(ciphertext);
    if (!equalConstantTime(mac.digest(), message.subarray(message.length - 16))) throw badMac();
    return primitives.ctr(nonce, ciphertext);
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
    open,
    openPieces(message, emit) {
      emit(open(message));
    },
    openAll(messages, visit) {
      messages.forEach((message, i) => visit(i, openOrNothing(open, message)));
    },
  };
}

/** The plaintext, or undefined where opening fails with BAD_MAC. */
export function openOrNothing(
  open: (message: Uint8Array) => Uint8Array,
  message: Uint8Array,
): Uint8Array | undefined {
  try {
    return open(message);
  } catch (error) {
    if (!isCofferError(error, "BAD_MAC")) throw error;
    return undefined;
  }
}
