import { describe, expect, it } from "vitest";
import { concatBytes } from "#base/bytes.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createReferenceCrypto } from "#crypto/reference-crypto.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const random = seededRandom(5);
const key = {
  encrypt: random.fill(new Uint8Array(32)),
  macK: random.fill(new Uint8Array(16)),
  macR: random.fill(new Uint8Array(16)),
};

describe.each([
  ["node", createNodeCrypto],
  ["reference", createReferenceCrypto],
])("openPieces of %s", (_name, create) => {
  const aead = create(random).createAead(key);

  it.each([0, 1, 97_279, 97_280, 97_281, 300_000])("gives %d bytes in order", (length) => {
    const plain = random.fill(new Uint8Array(length));
    const pieces: Uint8Array[] = [];
    aead.openPieces(aead.seal(plain), (piece) => void pieces.push(piece.slice()));
    expect(concatBytes(pieces)).toEqual(plain);
  });

  it("gives nothing of a damaged message", () => {
    const sealed = aead.seal(random.fill(new Uint8Array(200_000)));
    sealed[150_000]! ^= 1;
    let pieces = 0;
    expect(() => aead.openPieces(sealed, () => void pieces++)).toThrow(/authentication/);
    expect(pieces).toBe(0);
  });
});
