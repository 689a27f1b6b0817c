import { test } from "vitest";
import { createReferenceCrypto } from "#crypto/reference-crypto.ts";
import { createWasmCrypto } from "#crypto/wasm-crypto.ts";
import { cryptoCases } from "#testkit/crypto-suite.ts";
import aead from "../../test/vectors/aead.json" with { type: "json" };
import keys from "../../test/vectors/keys.json" with { type: "json" };

for (const { name, run } of cryptoCases(createWasmCrypto, aead, keys)) test(`WASM: ${name}`, run);
for (const { name, run } of cryptoCases(createReferenceCrypto, aead, keys, 200_000)) {
  test(`reference: ${name}`, run);
}
