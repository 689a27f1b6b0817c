import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concatBytes, toHex } from "#base/bytes.ts";
import type { FileRef } from "#backends/backend.ts";
import { pathOf } from "#backends/layout.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { CacheBackend } from "#backends/wrappers/cache.ts";
import type { FaultOptions } from "#testkit/fault-plan.ts";
import { FaultyBackend } from "#testkit/faulty-backend.ts";
import { MemoryCacheStore } from "#testkit/memory-cache-store.ts";
import { RecordingBackend } from "#testkit/recording-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const sha256 = (parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(createHash("sha256").update(concatBytes(parts)).digest());
const random = seededRandom(7);

function made(options: Omit<FaultOptions, "seed"> = {}) {
  const memory = new MemoryBackend();
  const faulty = new FaultyBackend(memory, { seed: 1, ...options });
  const recording = new RecordingBackend(faulty);
  const store = new MemoryCacheStore();
  const problems: string[] = [];
  const onProblem = (message: string): unknown => problems.push(message);
  const open = (): CacheBackend => new CacheBackend(recording, { store, sha256, onProblem });
  return { memory, recording, store, problems, open, backend: open() };
}

function content(type: FileRef["type"], size = 1000): { file: FileRef; bytes: Uint8Array } {
  const bytes = random.fill(new Uint8Array(size));
  return { file: { type, name: toHex(sha256([bytes])) }, bytes };
}

describe("CacheBackend", () => {
  it("answers from copies written through", async () => {
    const { backend, recording } = made();
    for (const type of ["snapshot", "index", "pack"] as const) {
      const { file, bytes } = content(type);
      await backend.write(file, [bytes], { cacheable: true });
      expect(await backend.read(file, { cacheable: true })).toEqual(bytes);
      const range = { cacheable: true, offset: 10, length: 20 };
      expect(await backend.read(file, range)).toEqual(bytes.subarray(10, 30));
    }
    expect(recording.calls("read")).toBe(0);
  });

  it("fetches the whole pack of a tree once, for all who ask", async () => {
    const { memory, backend, recording } = made();
    const { file, bytes } = content("pack", 5000);
    await memory.write(file, [bytes]);
    const ask = (i: number) =>
      backend.read(file, { cacheable: true, offset: i * 100, length: 100 });
    const got = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(i)));
    expect(concatBytes(got)).toEqual(bytes);
    expect(recording.calls("read")).toBe(1);
  });

  it("leaves data packs, keys and locks alone", async () => {
    const { backend, recording, store } = made();
    for (const type of ["pack", "key", "lock"] as const) {
      const { file, bytes } = content(type);
      await backend.write(file, [bytes]);
      await backend.read(file);
    }
    expect(store.copies.size).toBe(0);
    expect(recording.calls("read")).toBe(3);
  });

  it.each(["flipped", "cut", "emptied"])(
    "drops a copy that is %s and fetches again",
    async (how) => {
      const { memory, store, problems, open, recording } = made();
      const { file, bytes } = content("pack");
      await memory.write(file, [bytes]);
      const bad = bytes.slice(0, how === "cut" ? 900 : how === "emptied" ? 0 : undefined);
      if (how === "flipped") bad[50]! ^= 1;
      store.copies.set(pathOf(file), bad);
      const backend = open();
      const range = { cacheable: true, offset: 950, length: 10 };
      expect(await backend.read(file, range)).toEqual(bytes.subarray(950, 960));
      expect(problems).toHaveLength(1);
      expect(store.copies.get(pathOf(file))).toEqual(bytes);
      await backend.read(file, range);
      expect(recording.calls("read")).toBe(1);
    },
  );

  it("never keeps what the storage gave wrong, and reads fresh when asked", async () => {
    const { memory, backend, store } = made({
      plan: [{ call: "read", nth: 1, kind: "flip-once" }],
    });
    const { file, bytes } = content("index");
    await memory.write(file, [bytes]);
    expect(await backend.read(file)).not.toEqual(bytes);
    expect(store.copies.size).toBe(0);
    expect(await backend.read(file)).toEqual(bytes);
    store.copies.set(pathOf(file), new Uint8Array(1000));
    expect(await backend.read(file, { fresh: true })).toEqual(bytes);
    expect(await backend.read(file)).toEqual(bytes);
  });

  it("is cleared of what a complete listing no longer has", async () => {
    const { memory, backend, store } = made({
      plan: [{ call: "list", nth: 1, kind: "error-after" }],
    });
    const files = [content("snapshot"), content("snapshot"), content("snapshot")];
    for (const { file, bytes } of files) await backend.write(file, [bytes]);
    await memory.remove(files[0]!.file);
    const drain = async (): Promise<void> => {
      for await (const { name } of backend.list("snapshot")) void name;
    };
    await expect(drain()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(store.copies.size).toBe(3);
    await drain();
    expect(store.copies.size).toBe(2);
    await backend.remove(files[1]!.file);
    expect(store.copies.size).toBe(1);
  });

  it("goes on without a cache that fails", async () => {
    const { backend, store, problems } = made();
    store.broken = true;
    const { file, bytes } = content("pack");
    await backend.write(file, [bytes], { cacheable: true });
    const range = { cacheable: true, offset: 5, length: 5 };
    expect(await backend.read(file, range)).toEqual(bytes.subarray(5, 10));
    for await (const { name } of backend.list("pack")) expect(name).toBe(file.name);
    await backend.remove(file);
    expect(problems.length).toBeGreaterThan(3);
  });

  it("reports absence as absence", async () => {
    const { backend } = made();
    const { file } = content("pack");
    const missing = { code: "NOT_FOUND" };
    await expect(backend.read(file, { cacheable: true })).rejects.toMatchObject(missing);
    await expect(
      backend.read(file, { cacheable: true, offset: 1, length: 1 }),
    ).rejects.toMatchObject(missing);
  });
});
