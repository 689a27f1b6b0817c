import { expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "#base/bytes.ts";
import { poly1305 } from "#crypto/poly1305.ts";
import { createReferenceCrypto } from "#crypto/reference-crypto.ts";
import { cryptoCases } from "#testkit/crypto-suite.ts";
import aead from "../../test/vectors/aead.json" with { type: "json" };
import keys from "../../test/vectors/keys.json" with { type: "json" };

for (const { name, run } of cryptoCases(createReferenceCrypto, aead, keys, 200_000)) {
  test(name, run);
}

test("Poly1305 gives RFC 8439's example", () => {
  const key = fromHex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")!;
  const mac = poly1305(key, utf8("Cryptographic Forum Research Group"));
  expect(toHex(mac)).toBe("a8061dc1305136c6c22b8baf0c0127a9");
});
