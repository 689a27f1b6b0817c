import { describe, expect, it } from "vitest";
import aeadVectors from "../../test/vectors/aead.json" with { type: "json" };
import { concatBytes, equalBytes, fromHex } from "#base/bytes.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createReferenceCrypto } from "#crypto/reference-crypto.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const random = seededRandom(5);
const key = {
  encrypt: random.fill(new Uint8Array(32)),
  macK: random.fill(new Uint8Array(16)),
  macR: random.fill(new Uint8Array(16)),
};

const hex = (text: string): Uint8Array => fromHex(text)!;

/** Every vector of one key; some have nonces of which the counter wraps. */
const WRAPPING = (() => {
  const [name, parts] = Object.entries(aeadVectors.keys)[0]!;
  const wrapKey = {
    encrypt: hex(parts.encrypt),
    macK: hex(parts.macK),
    macR: hex(parts.macR),
  };
  const own = aeadVectors.vectors.filter((vector) => vector.key === name);
  return { key: wrapKey, vectors: own.map((vector) => hex(vector.sealed)) };
})();

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

  it("opens many as it opens one, and says which are damaged", () => {
    const plains: Uint8Array[] = [];
    for (let i = 0; i < 1300; i++) {
      const length = i % 97 === 0 ? 40_000 + i : (i * 131) % 5000;
      plains.push(random.fill(new Uint8Array(length)));
    }
    const sealed = plains.map((plain) => aead.seal(plain));
    sealed[5]!.set([1], sealed[5]!.length - 1);
    sealed[5]![20]! ^= 1;
    sealed[6] = sealed[6]!.subarray(0, 31);
    sealed[7] = new Uint8Array(100);
    let next = 0;
    aead.openAll(sealed, (index, plain) => {
      expect(index).toBe(next++);
      if (index >= 5 && index <= 7) expect(plain).toBeUndefined();
      else expect(equalBytes(plain!, plains[index]!)).toBe(true);
    });
    expect(next).toBe(sealed.length);
  });

  it("opens many whose counters wrap", () => {
    const { key: wrapKey, vectors } = WRAPPING;
    const opened: (Uint8Array | undefined)[] = [];
    const wrapping = create(random).createAead(wrapKey);
    wrapping.openAll(vectors, (_i, plain) => void opened.push(plain?.slice()));
    expect(opened).toEqual(vectors.map((message) => wrapping.open(message)));
  });

  it("gives nothing of a damaged message", () => {
    const sealed = aead.seal(random.fill(new Uint8Array(200_000)));
    sealed[150_000]! ^= 1;
    let pieces = 0;
    expect(() => aead.openPieces(sealed, () => void pieces++)).toThrow(/authentication/);
    expect(pieces).toBe(0);
  });
});
