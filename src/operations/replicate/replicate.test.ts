import { beforeEach, expect, test } from "vitest";
import type { FileRef, ReadOptions } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { CofferError } from "#base/errors.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { replicate, type ReplicateEvent } from "#operations/replicate/replicate.ts";
import { rawRepository } from "#testkit/raw-repository.ts";
import { RecordingBackend } from "#testkit/recording-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const crypto = createNodeCrypto(seededRandom(1));
const sha256 = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes);
let source: MemoryBackend;
let target: MemoryBackend;
const PLAIN = { delete: false, dryRun: false };

beforeEach(() => {
  source = new MemoryBackend({ name: "source" });
  target = new MemoryBackend({ name: "target" });
  const files = rawRepository(sha256, seededRandom(3), { packs: 6, indexes: 2, snapshots: 3 });
  for (const [path, bytes] of files) source.files.set(path, bytes);
  source.files.set(`locks/${"0".repeat(64)}`, Uint8Array.of(1));
});

const withoutLocks = (files: ReadonlyMap<string, Uint8Array>) =>
  new Map([...files].filter(([path]) => !path.startsWith("locks/")));

test("everything but locks, in an order in which the mirror stays sound; then nothing", async () => {
  const recorded = new RecordingBackend(target);
  const result = await replicate(source, recorded, sha256, PLAIN);
  expect(result).toMatchObject({ copied: 14, failed: 0 });
  expect(withoutLocks(target.files)).toEqual(withoutLocks(source.files));
  expect([...target.files.keys()].some((path) => path.startsWith("locks/"))).toBe(false);
  const order = recorded.events.filter(({ call }) => call === "write").map(({ type }) => type);
  expect([...new Set(order)]).toEqual(["key", "config", "pack", "index", "snapshot"]);
  expect(await replicate(source, target, sha256, PLAIN)).toMatchObject({ copied: 0, bytes: 0 });
});

test("a dry run tells and does nothing", async () => {
  const result = await replicate(source, target, sha256, { ...PLAIN, dryRun: true });
  expect(result).toMatchObject({ copied: 0, plan: { files: 13 } });
  expect(target.files.size).toBe(0);
});

test("a damaged file is not mirrored, the others are", async () => {
  const pack = [...source.files.keys()].find((path) => path.startsWith("data/"))!;
  source.files.get(pack)![0]! ^= 1;
  const events: ReplicateEvent[] = [];
  const result = await replicate(source, target, sha256, PLAIN, {
    progress: (event) => events.push(event),
  });
  expect(result).toMatchObject({ copied: 13, failed: 1 });
  expect(target.files.has(pack)).toBe(false);
  const failure = events.find((event) => event.kind === "failed");
  expect(failure).toMatchObject({ error: { code: "BAD_HASH" } });
});

test("when the source loses a pack meanwhile, nothing that may need it follows", async () => {
  class Pruned extends MemoryBackend {
    override read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
      if (file.type === "pack") return Promise.reject(new CofferError("NOT_FOUND", "gone"));
      return super.read(file, options);
    }
  }
  const pruned = new Pruned();
  for (const [path, bytes] of source.files) pruned.files.set(path, bytes);
  const result = await replicate(pruned, target, sha256, { ...PLAIN, delete: true });
  expect(result.failed).toBe(6);
  expect([...target.files.keys()].filter((path) => /^(index|snapshots)/.test(path))).toEqual([]);
});

test("removal follows the source, snapshots first, and never takes them all unasked", async () => {
  await replicate(source, target, sha256, PLAIN);
  const gone = [...source.files.keys()].filter((path) => /^(data|snapshots|index)/.test(path));
  source.files.delete(gone.find((path) => path.startsWith("data/"))!);
  source.files.delete(gone.find((path) => path.startsWith("snapshots/"))!);
  expect(await replicate(source, target, sha256, PLAIN)).toMatchObject({
    removed: 0,
    plan: { surplusFiles: 2 },
  });
  const recorded = new RecordingBackend(target);
  await replicate(source, recorded, sha256, { ...PLAIN, delete: true });
  const removed = recorded.events.filter(({ call }) => call === "remove").map(({ type }) => type);
  expect(removed).toEqual(["snapshot", "pack"]);
  expect(withoutLocks(target.files)).toEqual(withoutLocks(source.files));
  for (const path of gone) source.files.delete(path);
  const all = { ...PLAIN, delete: true };
  await expect(replicate(source, target, sha256, all)).rejects.toMatchObject({
    code: "INCOMPLETE",
  });
  await replicate(source, target, sha256, { ...all, allowRemoveAll: true });
  expect(withoutLocks(target.files)).toEqual(withoutLocks(source.files));
});

test("refuses a place that holds another repository, and a source that holds none", async () => {
  target.files.set("config", Uint8Array.of(1, 2, 3));
  await expect(replicate(source, target, sha256, PLAIN)).rejects.toMatchObject({
    code: "REPOSITORY_EXISTS",
  });
  await expect(replicate(new MemoryBackend(), target, sha256, PLAIN)).rejects.toMatchObject({
    code: "NO_REPOSITORY",
  });
});

test("a cut file of the mirror is reported, not taken for the source's", async () => {
  await replicate(source, target, sha256, PLAIN);
  const [pack, bytes] = [...target.files].find(([path]) => path.startsWith("data/"))!;
  target.files.set(pack, bytes.slice(1));
  expect(await replicate(source, target, sha256, PLAIN)).toMatchObject({ copied: 0, failed: 1 });
});
