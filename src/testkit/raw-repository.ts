/** Files that look like a repository's from outside: names that are hashes, any bytes within. */
import { toHex } from "#base/bytes.ts";
import { type Random, randomBelow } from "#base/random.ts";

export interface RawCounts {
  readonly packs: number;
  readonly indexes: number;
  readonly snapshots: number;
}

/** Path to bytes: a config, two keys, and as many of the others as asked for. */
export function rawRepository(
  sha256: (bytes: Uint8Array) => Uint8Array,
  random: Random,
  { packs, indexes, snapshots }: RawCounts,
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([["config", random.fill(new Uint8Array(155))]]);
  const add = (count: number, size: number, pathOf: (name: string) => string): void => {
    for (let i = 0; i < count; i++) {
      const bytes = random.fill(new Uint8Array(73 + randomBelow(random, size)));
      files.set(pathOf(toHex(sha256(bytes))), bytes);
    }
  };
  add(2, 300, (name) => `keys/${name}`);
  add(packs, 4000, (name) => `data/${name.slice(0, 2)}/${name}`);
  add(indexes, 900, (name) => `index/${name}`);
  add(snapshots, 200, (name) => `snapshots/${name}`);
  return files;
}
