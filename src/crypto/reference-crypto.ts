/**
 * Cryptography in plain TypeScript, from audited libraries and our own Poly1305: the yardstick that the
 * fast implementations are tested against. docs/format.md, sections 2 and 3.
 */
import { ctr, ecb } from "@noble/ciphers/aes.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";
import type { Crypto, ScryptParameters } from "#crypto/crypto.ts";
import { poly1305 } from "#crypto/poly1305.ts";
import { createPortableAead } from "#crypto/portable-aead.ts";

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

/** About 10 MiB/s for sealing: tests and cross-checks only. */
export function createReferenceCrypto(random: Random): Crypto {
  return {
    sha256,
    createHasher() {
      const hasher = sha256.create();
      return {
        update(bytes) {
          hasher.update(bytes);
        },
        digest: () => hasher.digest(),
      };
    },
    createAead(key) {
      const encrypt = key.encrypt.slice();
      const macK = key.macK.slice();
      return createPortableAead(
        {
          ctr: (counter, bytes) => ctr(encrypt, counter).encrypt(bytes),
          pad: (nonce) => ecb(macK, { disablePadding: true }).encrypt(nonce),
          createMac(oneTimeKey) {
            const parts: Uint8Array[] = [];
            return {
              update(bytes) {
                parts.push(bytes.slice());
              },
              digest: () => poly1305(oneTimeKey, concatBytes(parts)),
            };
          },
        },
        key,
        random,
      );
    },
    scrypt: portableScrypt,
  };
}
