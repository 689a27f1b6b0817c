/**
 * Cryptography from Node's OpenSSL, with the WASM Poly1305 where Node has no MAC of that name.
 * docs/format.md, sections 2 and 3; choices and figures: docs/adr/0003-kernels.md.
 */
import { createHash, hash, scrypt } from "node:crypto";
import type { Random } from "#base/random.ts";
import type { Crypto, ScryptParameters } from "#crypto/crypto.ts";
import { createNodeAead } from "#crypto/node/node-aead.ts";

/** Node gives Buffers, whose `slice` is a view: callers get plain arrays over the same bytes. */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** One instance per thread; `random` gives the nonces. */
export function createNodeCrypto(random: Random): Crypto {
  return {
    sha256: (bytes) => plainBytes(hash("sha256", bytes, "buffer")),
    createHasher() {
      const hasher = createHash("sha256");
      return {
        update(bytes) {
          hasher.update(bytes);
        },
        digest: () => plainBytes(hasher.digest()),
      };
    },
    createAead: (key) => createNodeAead(key, random),
    scrypt: deriveKey,
  };
}

function deriveKey(
  password: Uint8Array,
  salt: Uint8Array,
  { N, r, p }: ScryptParameters,
): Promise<Uint8Array> {
  // OpenSSL counts 32·r·(N+2) words and p blocks of 128·r; its default limit is just too small for
  // restic's own parameters.
  const maxmem = 128 * r * (N + 2 + p) + 1024;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 64, { N, r, p, maxmem }, (error, derived) => {
      if (error === null) resolve(plainBytes(derived));
      else reject(error);
    });
  });
}
