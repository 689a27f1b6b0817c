import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "#base/bytes.ts";
import { poly1305 } from "#crypto/poly1305.ts";
import { createWasmCrypto } from "#crypto/wasm-crypto.ts";
import { createWasmMac } from "#crypto/wasm-poly1305.ts";
import { cryptoCases } from "#testkit/crypto-suite.ts";
import aead from "../../test/vectors/aead.json" with { type: "json" };
import keys from "../../test/vectors/keys.json" with { type: "json" };

for (const { name, run } of cryptoCases(createWasmCrypto, aead, keys, 200_000)) test(name, run);

/** Bytes near the modulus: carries run through all limbs. */
const extreme = fc.constantFrom(0, 1, 4, 5, 0xfa, 0xfb, 0xfc, 0xfe, 0xff);
const byte = fc.oneof(extreme, fc.nat(255));

test("Poly1305 agrees with the plain one, whatever the steps", () => {
  fc.assert(
    fc.property(
      fc.array(byte, { minLength: 32, maxLength: 32 }),
      fc.array(byte, { maxLength: 150 }),
      fc.integer({ min: 1, max: 40 }),
      (key, message, step) => {
        const bytes = Uint8Array.from(message);
        const mac = createWasmMac(Uint8Array.from(key));
        for (let at = 0; at < bytes.length; at += step) mac.update(bytes.subarray(at, at + step));
        expect(toHex(mac.digest())).toBe(toHex(poly1305(Uint8Array.from(key), bytes)));
      },
    ),
    { numRuns: 1000 },
  );
});
