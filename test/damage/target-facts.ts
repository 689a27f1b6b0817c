/** What a restore left in a made-up target, as text by path, to compare two restores. */
import { toHex } from "#base/bytes.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import type { MemoryInode, MemoryTarget } from "#testkit/memory-target.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const crypto = createNodeCrypto(seededRandom(1));

/** Every entry below the root. */
export function targetFacts(target: MemoryTarget): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (folder: MemoryInode, above: string): void => {
    for (const [name, inode] of folder.children) {
      const { type, mode, uid, gid, mtimeSeconds, mtimeNanos, content, linkTarget } = inode;
      const facts = [type, mode, uid, gid, mtimeSeconds, mtimeNanos, content.length];
      const hashes = [toHex(crypto.sha256(content)), toHex(linkTarget)];
      found.set(`${above}/${name}`, [...facts, ...hashes].join(" "));
      visit(inode, `${above}/${name}`);
    }
  };
  visit(target.root, "");
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
