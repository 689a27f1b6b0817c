/** Key derivation in audited JavaScript, for every platform. docs/format.md, section 2. */
import { scryptAsync } from "@noble/hashes/scrypt.js";
import type { ScryptParameters } from "#crypto/crypto.ts";

/** Bytes that every key derivation of the format gives: 32 + 16 + 16. */
const DERIVED_LENGTH = 64;

/** Scrypt in JavaScript, yielding to the event loop: about 150 ms for N=32768, r=8, p=1. */
export function portableScrypt(
  password: Uint8Array,
  salt: Uint8Array,
  { N, r, p }: ScryptParameters,
): Promise<Uint8Array> {
  const maxmem = 128 * r * (N + p) + 1024;
  return scryptAsync(password, salt, { N, r, p, dkLen: DERIVED_LENGTH, maxmem });
}
