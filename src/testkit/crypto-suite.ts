/** What every Crypto must do: the vectors of aead.json and keys.json, and the AEAD's promises. */
import { concatBytes, fromBase64, fromHex, fromUtf8, toHex } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import type { Random } from "#base/random.ts";
import type { Crypto, MasterKey } from "#crypto/crypto.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { expectSame, thrownBy, type SuiteCase } from "#testkit/suite-case.ts";

interface HexKey {
  readonly encrypt: string;
  readonly macK: string;
  readonly macR: string;
}
/** The parts of test/vectors/aead.json that are used. */
export interface AeadVectors {
  readonly keys: Readonly<Record<string, HexKey>>;
  readonly vectors: readonly {
    readonly key: string;
    readonly nonce: string;
    readonly plaintext: string;
    readonly sealed: string;
  }[];
}
/** The parts of test/vectors/keys.json that are used. */
export interface KeyVectors {
  readonly keys: readonly {
    readonly fileName: string;
    readonly passwordUtf8Hex: string;
    readonly keyFileText: string;
    readonly derived: HexKey;
    readonly masterKeyText: string;
  }[];
}

export type CryptoFactory = (random: Random) => Crypto;

const hex = (text: string): Uint8Array => fromHex(text)!;
const keyOf = (key: HexKey): MasterKey => ({
  encrypt: hex(key.encrypt),
  macK: hex(key.macK),
  macR: hex(key.macR),
});

/** Gives the listed bytes first, then those of a seed. */
function scriptedRandom(first: Uint8Array): Random {
  const rest = seededRandom(7);
  let at = 0;
  return {
    fill<T extends Uint8Array>(bytes: T): T {
      rest.fill(bytes);
      const part = first.subarray(at, at + bytes.length);
      bytes.set(part);
      at += part.length;
      return bytes;
    },
  };
}

/**
 * All cases. `scryptCostLimit` (N·r·p) skips the costlier derivations, for slow implementations.
 */
export function cryptoCases(
  create: CryptoFactory,
  aead: AeadVectors,
  keys: KeyVectors,
  scryptCostLimit = Infinity,
): SuiteCase[] {
  return [
    ...aead.vectors.map((vector, i) => ({
      name: `aead.json ${i}`,
      run: () => {
        checkVector(create, keyOf(aead.keys[vector.key]!), vector);
      },
    })),
    ...keys.keys.flatMap((vector) => keyCase(create, vector, scryptCostLimit)),
    ...promises(create),
  ];
}

function checkVector(
  create: CryptoFactory,
  key: MasterKey,
  vector: AeadVectors["vectors"][number],
): void {
  const seal = create(scriptedRandom(hex(vector.nonce))).createAead(key);
  expectSame("sealed", toHex(seal.seal(hex(vector.plaintext))), vector.sealed);
  for (const verify of [false, true]) {
    const again = create(scriptedRandom(hex(vector.nonce))).createAead(key);
    const pieces: Uint8Array[] = [];
    again.sealPieces(hex(vector.plaintext), verify, (piece) => pieces.push(piece.slice()));
    expectSame("pieces", toHex(concatBytes(pieces)), vector.sealed);
  }
  expectSame("opened", toHex(seal.open(hex(vector.sealed))), vector.plaintext);
}

function keyCase(
  create: CryptoFactory,
  vector: KeyVectors["keys"][number],
  costLimit: number,
): SuiteCase[] {
  const file = JSON.parse(vector.keyFileText) as Record<string, unknown>;
  const parameters = { N: Number(file["N"]), r: Number(file["r"]), p: Number(file["p"]) };
  if (parameters.N * parameters.r * parameters.p > costLimit) return [];
  return [
    {
      name: `keys.json ${vector.fileName.slice(0, 8)}`,
      run: async () => {
        const crypto = create(seededRandom(1));
        const salt = fromBase64(String(file["salt"]))!;
        const derived = await crypto.scrypt(hex(vector.passwordUtf8Hex), salt, parameters);
        const { encrypt, macK, macR } = vector.derived;
        expectSame("derived", toHex(derived), encrypt + macK + macR);
        const opened = crypto
          .createAead(keyOf(vector.derived))
          .open(fromBase64(String(file["data"]))!);
        expectSame("master key", fromUtf8(opened), vector.masterKeyText);
      },
    },
  ];
}

/** Around block, piece and batch borders. */
const LENGTHS = [
  0, 1, 15, 16, 17, 31, 63, 64, 65, 255, 1000, 1024, 2047, 2048, 2049, 4095, 4096, 4097, 8192, 9000,
  65_536, 262_143, 262_144, 262_145, 600_001,
];

function promises(create: CryptoFactory): SuiteCase[] {
  const random = seededRandom(42);
  const key: MasterKey = {
    encrypt: random.fill(new Uint8Array(32)),
    macK: random.fill(new Uint8Array(16)),
    macR: random.fill(new Uint8Array(16)),
  };
  return [
    {
      name: "round trips every length, in pieces of at most 256 KiB",
      run: () => {
        const aead = create(seededRandom(3)).createAead(key);
        for (const length of LENGTHS) {
          // Off the start of its buffer, as callers' views are.
          const plain = random.fill(new Uint8Array(length + 3)).subarray(3);
          const pieces: Uint8Array[] = [];
          aead.sealPieces(plain, true, (piece) => {
            if (piece.length > 256 * 1024) throw new Error(`piece of ${piece.length} bytes`);
            pieces.push(Uint8Array.from(piece));
          });
          const sealed = concatBytes(pieces);
          expectSame("length", sealed.length, length + 32);
          expectSame(`content of ${length}`, same(aead.open(sealed), plain), true);
          expectSame(`seal of ${length}`, same(aead.open(aead.seal(plain)), plain), true);
        }
      },
    },
    {
      name: "never repeats a nonce over several batches",
      run: () => {
        const aead = create(seededRandom(4)).createAead(key);
        const seen = new Set<string>();
        for (let i = 0; i < 1000; i++) seen.add(toHex(aead.seal(new Uint8Array(0)), 0, 16));
        expectSame("nonces", seen.size, 1000);
      },
    },
    {
      name: "draws again when a nonce is all zero",
      run: () => {
        const aead = create(scriptedRandom(new Uint8Array(16))).createAead(key);
        expectSame("zero", /^0*$/.test(toHex(aead.seal(new Uint8Array(1)), 0, 16)), false);
      },
    },
    { name: "refuses every changed or cut message", run: () => refusals(create, key) },
    { name: "hashes in one and in many steps", run: () => hashing(create) },
    {
      name: "gives plain arrays, whose slice is a copy",
      run: () => {
        const crypto = create(seededRandom(5));
        const aead = crypto.createAead(key);
        const sealed = aead.seal(new Uint8Array(100));
        const given = [sealed, aead.open(sealed), crypto.sha256(sealed)];
        aead.sealPieces(sealed, true, (piece) => given.push(piece));
        const plain = given.every((bytes) => Object.getPrototypeOf(bytes) === Uint8Array.prototype);
        expectSame("prototype", plain, true);
      },
    },
  ];
}

function refusals(create: CryptoFactory, key: MasterKey): void {
  const aead = create(seededRandom(6)).createAead(key);
  const sealed = aead.seal(new Uint8Array(40).fill(9));
  const refused = (what: string, message: Uint8Array): void => {
    const error = thrownBy(what, () => aead.open(message));
    expectSame(what, isCofferError(error, "BAD_MAC"), true);
  };
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = sealed.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    refused(`bit ${bit}`, changed);
  }
  for (let length = 0; length < sealed.length; length++) {
    refused(`cut to ${length}`, sealed.subarray(0, length));
  }
  refused("one more byte", concatBytes([sealed, new Uint8Array(1)]));
  refused("zero nonce", new Uint8Array(48));
  refused("zeros", new Uint8Array(32));
}

function hashing(create: CryptoFactory): void {
  const crypto = create(seededRandom(5));
  const abc = Uint8Array.of(97, 98, 99);
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expectSame("abc", toHex(crypto.sha256(abc)), digest);
  const bytes = seededRandom(8).fill(new Uint8Array(5000));
  for (const step of [1, 55, 56, 63, 64, 65, 119, 128, 1000, 5000]) {
    const hasher = crypto.createHasher();
    for (let at = 0; at < bytes.length; at += step) hasher.update(bytes.subarray(at, at + step));
    expectSame(`steps of ${step}`, toHex(hasher.digest()), toHex(crypto.sha256(bytes)));
  }
  const longer = new Uint8Array(1_000_000).fill(97);
  // The third message of FIPS 180-2, appendix B.3.
  const million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  expectSame("a million a's", toHex(crypto.sha256(longer)), million);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
