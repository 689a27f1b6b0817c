/**
 * Cryptography in plain TypeScript, from audited libraries and our own Poly1305: the yardstick that
 * the fast implementations are tested against. docs/format.md, sections 2 and 3.
 */
import { ctr, ecb } from "@noble/ciphers/aes.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";
import type { Crypto } from "#crypto/crypto.ts";
import { poly1305 } from "#crypto/poly1305.ts";
import { createPortableAead } from "#crypto/portable-aead.ts";
import { portableScrypt } from "#crypto/portable-scrypt.ts";

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
