/**
 * Cryptography in WebAssembly for browsers, whose own is asynchronous: SHA-256, AES-256-CTR and
 * Poly1305 from our kernels, scrypt and the one-block AES-128 from audited JavaScript.
 * docs/format.md, sections 2 and 3; figures: docs/adr/0003-kernels.md.
 */
import { ecb } from "@noble/ciphers/aes.js";
import type { Random } from "#base/random.ts";
import type { Crypto } from "#crypto/crypto.ts";
import { createPortableAead } from "#crypto/portable-aead.ts";
import { portableScrypt } from "#crypto/portable-scrypt.ts";
import { createWasmCtr } from "#crypto/wasm-aes-ctr.ts";
import { createWasmMac } from "#crypto/wasm-poly1305.ts";
import { createWasmSha256 } from "#crypto/wasm-sha256.ts";

/** One instance per thread. Each AEAD holds its expanded key in 128 KiB of its own. */
export function createWasmCrypto(random: Random): Crypto {
  const createHasher = createWasmSha256();
  return {
    sha256(bytes) {
      const hasher = createHasher();
      hasher.update(bytes);
      return hasher.digest();
    },
    createHasher,
    createAead(key) {
      const macK = key.macK.slice();
      return createPortableAead(
        {
          ctr: createWasmCtr(key.encrypt),
          pad: (nonce) => ecb(macK, { disablePadding: true }).encrypt(nonce),
          createMac: createWasmMac,
        },
        key,
        random,
      );
    },
    scrypt: portableScrypt,
  };
}
