import { expect, test } from "vitest";
import { fromBase64, fromHex, fromUtf8, toHex } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createReferenceCrypto } from "#crypto/reference-crypto.ts";
import { decodeKeyFile } from "#format/key-file.ts";
import { decodePackHeader, readHeaderLength } from "#format/pack-header.ts";
import { decodeUnpacked, encodeUnpacked } from "#format/unpacked.ts";
import { formatCases, reencode, reencodeTree } from "#testkit/format-suite.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import keys from "../../test/vectors/keys.json" with { type: "json" };
import names from "../../test/vectors/names.json" with { type: "json" };
import pack from "../../test/vectors/pack.json" with { type: "json" };
import repo1 from "../../test/vectors/tiny-repo-v1.json" with { type: "json" };
import repo2 from "../../test/vectors/tiny-repo-v2.json" with { type: "json" };

for (const { name, run } of formatCases({ names, pack, keys, repos: { 1: repo1, 2: repo2 } })) {
  test(name, run);
}

const crypto = createReferenceCrypto(seededRandom(1));
const zstd = createNodeZstd();
const LIMIT = 1 << 20;
const repositories = [
  [1, repo1.masterKeyHex, repo1.files, repo1.decoded.jsonFiles],
  [2, repo2.masterKeyHex, repo2.files, repo2.decoded.jsonFiles],
] as const;

test.each(repositories)("stored version %i files open and decode", (version, key, files, json) => {
  const aead = crypto.createAead({
    encrypt: fromHex(key.encrypt)!,
    macK: fromHex(key.macK)!,
    macR: fromHex(key.macR)!,
  });
  const texts: Record<string, string> = json;
  for (const [file, base64] of Object.entries(files)) {
    const stored = fromBase64(base64)!;
    if (file !== "config") expect(file.endsWith(toHex(crypto.sha256(stored)))).toBe(true);
    if (file.startsWith("keys/")) {
      expect(decodeKeyFile(stored).salt.length).toBe(64);
    } else if (file.startsWith("data/")) {
      const sealed = readHeaderLength(stored.subarray(-4), stored.length);
      const header = aead.open(stored.subarray(-4 - sealed, -4));
      for (const entry of decodePackHeader(header, version, stored.length - sealed - 4)) {
        const payload = aead.open(stored.subarray(entry.offset, entry.offset + entry.length));
        const blob = entry.rawLength > 0 ? zstd.decompress(payload, entry.rawLength) : payload;
        expect(toHex(crypto.sha256(blob))).toBe(toHex(entry.id));
        if (entry.type === "tree") expect(reencodeTree(blob)).toEqual(blob);
      }
    } else {
      const plain = aead.open(stored);
      const bytes =
        file === "config"
          ? plain
          : decodeUnpacked(version, plain, (f) => zstd.decompress(f, LIMIT));
      expect(fromUtf8(bytes)).toBe(texts[file]);
      expect(fromUtf8(reencode(file, bytes, version))).toBe(texts[file]);
      const again = encodeUnpacked(version, bytes, (b) => zstd.compress(b, 3));
      expect(decodeUnpacked(version, again, (f) => zstd.decompress(f, LIMIT))).toEqual(bytes);
    }
  }
});
