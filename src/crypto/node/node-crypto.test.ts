import { expect, test } from "vitest";
import { createNodeAead } from "#crypto/node/node-aead.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { answersKnownTest, findNativeMac } from "#crypto/node/node-mac.ts";
import { createWasmMac } from "#crypto/wasm-poly1305.ts";
import { cryptoCases } from "#testkit/crypto-suite.ts";
import aead from "../../../test/vectors/aead.json" with { type: "json" };
import keys from "../../../test/vectors/keys.json" with { type: "json" };

for (const { name, run } of cryptoCases(createNodeCrypto, aead, keys)) {
  test(name, run);
}

/** What Node 24 gets. */
const withWasmMac: typeof createNodeCrypto = (random) => ({
  ...createNodeCrypto(random),
  createAead: (key) => createNodeAead(key, random, createWasmMac),
});
for (const { name, run } of cryptoCases(withWasmMac, aead, { keys: [] })) {
  test(`WASM's Poly1305: ${name}`, run);
}

test("Node 26 offers OpenSSL's Poly1305", () => {
  const major = Number(process.versions.node.split(".")[0]);
  expect(findNativeMac() !== undefined).toBe(major >= 26);
});

test("a MAC that computes wrongly or throws is not used", () => {
  const wrong = { update: () => {}, digest: () => new Uint8Array(16) };
  expect(answersKnownTest(() => wrong)).toBe(false);
  expect(
    answersKnownTest(() => {
      throw new TypeError("no such algorithm");
    }),
  ).toBe(false);
});
