import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { randomBelow } from "#base/random.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { heal, type HealEvent } from "#operations/heal/heal.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { rawRepository } from "#testkit/raw-repository.ts";

const crypto = createNodeCrypto(seededRandom(1));
const sha256 = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes);

function copyOf(original: ReadonlyMap<string, Uint8Array>, name: string): MemoryBackend {
  const backend = new MemoryBackend({ name });
  for (const [path, bytes] of original) backend.files.set(path, bytes.slice());
  return backend;
}

type Damage = (files: Map<string, Uint8Array>, path: string, below: (n: number) => number) => void;

const DAMAGES: Readonly<Record<string, Damage>> = {
  "a flipped bit": (files, path, below) => {
    const bytes = files.get(path)!;
    bytes[below(bytes.length)]! ^= 1 << below(8);
  },
  "a cut file": (files, path, below) =>
    files.set(path, files.get(path)!.slice(0, below(files.get(path)!.length))),
  "an empty file": (files, path) => files.set(path, new Uint8Array(0)),
  "a lost file": (files, path) => files.delete(path),
  "a longer file": (files, path) => files.set(path, Uint8Array.of(...files.get(path)!, 0)),
  "a zeroed stretch": (files, path, below) => {
    const bytes = files.get(path)!;
    const at = below(bytes.length);
    bytes.fill(0, at, at + 1 + below(64));
    bytes[at]! ^= 0xff;
  },
};

test("any damage that leaves one intact copy of each file is healed, over 600 damages", async () => {
  let damages = 0;
  for (let seed = 1; damages < 600; seed++) {
    const random = seededRandom(seed);
    const below = (bound: number): number => randomBelow(random, bound);
    const original = rawRepository(sha256, random, { packs: 12, indexes: 3, snapshots: 5 });
    const replicas = ["a", "b", "c"].map((name) => copyOf(original, name));
    for (const path of original.keys()) {
      // The config has no hash: a majority must be left.
      const harmed = path === "config" ? below(2) : below(3);
      const first = below(3);
      for (let i = 0; i < harmed; i++) {
        const kinds = Object.values(DAMAGES);
        kinds[below(kinds.length)]!(replicas[(first + i) % 3]!.files, path, below);
        damages++;
      }
    }
    const result = await heal(replicas, sha256, { dryRun: false });
    expect(result, `seed ${seed}`).toMatchObject({ lost: 0, failed: 0, healed: result.found });
    for (const replica of replicas) {
      expect(replica.files, `seed ${seed}, ${replica.location}`).toEqual(original);
    }
    const again = await heal(replicas, sha256, { dryRun: false });
    expect(again, `seed ${seed}, second run`).toMatchObject({ found: 0, healed: 0 });
  }
  expect(damages).toBeGreaterThanOrEqual(600);
});

test("what no replica has intact is reported as lost, and the rest is healed", async () => {
  const random = seededRandom(7);
  const original = rawRepository(sha256, random, { packs: 4, indexes: 1, snapshots: 1 });
  const replicas = ["a", "b"].map((name) => copyOf(original, name));
  const packs = [...original.keys()].filter((path) => path.startsWith("data/"));
  for (const { files } of replicas) files.get(packs[0]!)![3]! ^= 1;
  replicas[1]!.files.delete(packs[1]!);
  const events: HealEvent[] = [];
  const result = await heal(
    replicas,
    sha256,
    { dryRun: false },
    { progress: (event) => events.push(event) },
  );
  expect(result).toMatchObject({ lost: 1, healed: 1, found: 3 });
  expect(events).toContainEqual(expect.objectContaining({ kind: "lost" }));
  expect(replicas[1]!.files.get(packs[1]!)).toEqual(original.get(packs[1]!));
  // Damaged bytes are left: a part of them may still be of use.
  expect(replicas[0]!.files.has(packs[0]!)).toBe(true);
});

test("a dry run changes nothing; removed files can be left alone", async () => {
  const original = rawRepository(sha256, seededRandom(8), { packs: 3, indexes: 1, snapshots: 2 });
  const replicas = ["a", "b"].map((name) => copyOf(original, name));
  const snapshot = [...original.keys()].find((path) => path.startsWith("snapshots/"))!;
  replicas[0]!.files.delete(snapshot);
  expect(await heal(replicas, sha256, { dryRun: true })).toMatchObject({ found: 1, healed: 0 });
  const careful = { dryRun: false, onlyDamaged: true };
  expect(await heal(replicas, sha256, careful)).toMatchObject({ found: 0, healed: 0 });
  const quick = { dryRun: false, readAll: false };
  expect(await heal(replicas, sha256, quick)).toMatchObject({ found: 1, healed: 1 });
  expect(replicas[0]!.files.has(snapshot)).toBe(true);
});

test("refuses one place, and places that hold different repositories", async () => {
  const one = copyOf(
    rawRepository(sha256, seededRandom(9), { packs: 1, indexes: 1, snapshots: 1 }),
    "a",
  );
  const other = copyOf(
    rawRepository(sha256, seededRandom(10), { packs: 1, indexes: 1, snapshots: 1 }),
    "b",
  );
  await expect(heal([one], sha256, { dryRun: false })).rejects.toMatchObject({
    code: "BAD_OPTION",
  });
  await expect(heal([one, other], sha256, { dryRun: false })).rejects.toMatchObject({
    code: "REPOSITORY_EXISTS",
  });
  await expect(
    heal([new MemoryBackend(), new MemoryBackend()], sha256, { dryRun: false }),
  ).rejects.toMatchObject({ code: "NO_REPOSITORY" });
});

test("an empty replica is filled", async () => {
  const original = rawRepository(sha256, seededRandom(11), { packs: 3, indexes: 1, snapshots: 2 });
  const replicas = [copyOf(original, "a"), new MemoryBackend({ name: "b" })];
  const result = await heal(replicas, sha256, { dryRun: false });
  expect(result.healed).toBe(original.size);
  expect(replicas[1]!.files.size).toBe(original.size);
});
