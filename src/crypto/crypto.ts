/**
 * What the engine needs of cryptography. One instance per thread, all calls synchronous but scrypt:
 * Node fills it from OpenSSL, browsers from WASM, tests from the plain TypeScript reference.
 * The algorithms are fixed by the repository format (docs/format.md, section 3).
 */

/** The 64 bytes that every key file of a repository wraps. Never printed, never logged. */
export interface MasterKey {
  /** AES-256 key, 32 bytes. */
  readonly encrypt: Uint8Array;
  /** AES-128 key that turns nonces into MAC pads, 16 bytes. */
  readonly macK: Uint8Array;
  /** Poly1305 `r`, 16 bytes, not clamped. */
  readonly macR: Uint8Array;
}

export interface ScryptParameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A running SHA-256. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** 32 bytes; the hasher is finished afterwards. */
  digest(): Uint8Array;
}

/** Bytes a sealed message is longer than its plaintext: 16 nonce + 16 MAC. */
export const SEAL_OVERHEAD = 32;

/**
 * AES-256-CTR with Poly1305-AES over the ciphertext: `nonce(16) ‖ ciphertext ‖ mac(16)`.
 * A fresh random nonce is drawn for each message; an all-zero nonce is never used or accepted.
 */
export interface Aead {
  /** The sealed message, `plaintext.length + SEAL_OVERHEAD` bytes, newly allocated. */
  seal(plaintext: Uint8Array): Uint8Array;

  /**
   * The hot path: hands the sealed message to `emit` in pieces of at most 256 KiB, in order. `emit`
   * must copy or consume a piece before it returns. With `verify`, each emitted piece is decrypted
   * again and compared with the plaintext, and the MAC is computed a second time over the emitted
   * bytes; a difference throws BAD_MAC (failing memory or a defect), so that nothing unreadable is
   * stored.
   */
  sealPieces(plaintext: Uint8Array, verify: boolean, emit: (piece: Uint8Array) => void): void;

  /**
   * The plaintext of a sealed message, newly allocated. Checks the MAC in constant time first.
   * @throws BAD_MAC when the message is shorter than 32 bytes, has a zero nonce, or fails its MAC
   */
  open(message: Uint8Array): Uint8Array;

  /**
   * As {@link open}, the plaintext handed to `emit` in pieces, in order, after the MAC was checked:
   * for callers that only look at it once. `emit` must consume a piece before it returns.
   * @throws BAD_MAC, before anything was emitted
   */
  openPieces(message: Uint8Array, emit: (piece: Uint8Array) => void): void;

  /**
   * Opens many messages, cheaply if they are small. `visit` is called once for each, in order, with
   * a plaintext that later calls overwrite, or undefined where {@link open} would throw BAD_MAC.
   */
  openAll(
    messages: readonly Uint8Array[],
    visit: (index: number, plaintext: Uint8Array | undefined) => void,
  ): void;
}

export interface Crypto {
  /** SHA-256 of the bytes, 32 bytes newly allocated. */
  sha256(bytes: Uint8Array): Uint8Array;
  createHasher(): Hasher;
  createAead(key: MasterKey): Aead;
  /** Derives 64 bytes. Memory is about 128·N·r bytes; the caller has checked the parameters. */
  scrypt(password: Uint8Array, salt: Uint8Array, parameters: ScryptParameters): Promise<Uint8Array>;
}
