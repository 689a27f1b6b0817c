import { describe, expect, it } from "vitest";
import type { FileRef } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import type { RetryEvent } from "#backends/wrappers/back-off.ts";
import { RetryBackend } from "#backends/wrappers/retry.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";
import type { FaultOptions } from "#testkit/fault-plan.ts";
import { FaultyBackend } from "#testkit/faulty-backend.ts";
import { RecordingBackend } from "#testkit/recording-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const pack: FileRef = { type: "pack", name: "ab".repeat(32) };
const config: FileRef = { type: "config", name: "config" };
const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

function made(options: Omit<FaultOptions, "seed">, seed = 1) {
  const memory = new MemoryBackend();
  const faulty = new FaultyBackend(memory, { seed, ...options });
  const recording = new RecordingBackend(faulty);
  const clock = createFakeClock();
  const retries: RetryEvent[] = [];
  const backend = new RetryBackend(recording, {
    clock,
    random: seededRandom(seed),
    onRetry: (event) => retries.push(event),
  });
  return { memory, faulty, recording, clock, retries, backend };
}

describe("RetryBackend", () => {
  it.each(["error-before", "error-after", "torn-write"] as const)(
    "stores a file once after %s",
    async (kind) => {
      const { memory, faulty, recording, backend } = made({
        plan: [{ call: "write", nth: 1, kind }],
      });
      await backend.write(pack, [bytes]);
      expect(await memory.read(pack)).toEqual(bytes);
      expect(recording.calls("write")).toBe(kind === "error-after" ? 1 : 2);
      faulty.plan.assertAllHit();
    },
  );

  it("takes another's config for what it is, and its own too", async () => {
    const lost = made({ plan: [{ call: "write", nth: 1, kind: "error-after" }] });
    await lost.backend.write(config, [bytes]);
    const other = made({ plan: [{ call: "write", nth: 1, kind: "error-before" }] });
    await other.memory.write(config, [new Uint8Array(100)]);
    await expect(other.backend.write(config, [bytes])).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    expect(await other.memory.read(config)).toEqual(new Uint8Array(100));
  });

  it("counts a removal whose answer was lost as done", async () => {
    const { memory, backend } = made({ plan: [{ call: "remove", nth: 1, kind: "error-after" }] });
    await memory.write(pack, [bytes]);
    await backend.remove(pack);
    expect(memory.files.size).toBe(0);
    await expect(backend.remove(pack)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("goes on with a listing that broke off", async () => {
    const { memory, faulty, backend } = made({
      plan: [
        { call: "list", nth: 1, kind: "error-after" },
        { call: "list", nth: 2, kind: "repeat-entries" },
      ],
    });
    const names = ["aa", "bb", "cc"].map((digits) => digits.repeat(32));
    for (const name of names) await memory.write({ type: "index", name }, [bytes]);
    const got: string[] = [];
    for await (const { name } of backend.list("index")) got.push(name);
    expect(got).toEqual(names);
    faulty.plan.assertAllHit();
  });

  it.each(["denied", "full"] as const)("stops at once when %s", async (kind) => {
    const { retries, clock, backend } = made({ plan: [{ call: "write", nth: 1, kind }] });
    await expect(backend.write(pack, [bytes])).rejects.toMatchObject({
      code: kind === "full" ? "STORAGE_FULL" : "DENIED",
    });
    expect(retries).toEqual([]);
    expect(clock.monotonicMs()).toBe(0);
  });

  it("waits longer and longer, and gives up after 15 minutes", async () => {
    const { retries, clock, backend, recording } = made({ chances: { "error-before": 1 } });
    await expect(backend.read(pack)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    for (const [i, { waitMs }] of retries.entries()) {
      const base = Math.min(60_000, 1000 * 2 ** i);
      expect(waitMs).toBeGreaterThanOrEqual(base / 2);
      expect(waitMs).toBeLessThanOrEqual(base * 1.5);
    }
    expect(clock.monotonicMs()).toBeGreaterThan(13 * 60_000);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(15 * 60_000);
    const reads = recording.calls("read");
    await expect(backend.read(pack)).rejects.toThrow("given up");
    expect(recording.calls("read")).toBe(reads);
    clock.advance(3_600_000);
    await expect(backend.read(pack)).rejects.toThrow("Simulated");
  });

  it("stops waiting when interrupted", async () => {
    const { backend, retries } = made({ chances: { "error-before": 1 } });
    const stop = new AbortController();
    const reading = backend.read(pack, { signal: stop.signal });
    queueMicrotask(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ code: "ABORTED" });
    expect(retries.length).toBeLessThan(10);
  });

  it("gets everything through a bad line, the same way for the same seed", async () => {
    const run = async (seed: number): Promise<string> => {
      const { memory, faulty, recording, backend } = made(
        { chances: { "error-before": 0.15, "error-after": 0.15, "torn-write": 0.1 } },
        seed,
      );
      const names = Array.from({ length: 30 }, (_, i) => i.toString(16).padStart(64, "0"));
      for (const name of names) await backend.write({ type: "pack", name }, [bytes, bytes]);
      for (const name of names) {
        expect(await backend.read({ type: "pack", name }), faulty.plan.describe()).toHaveLength(
          200,
        );
      }
      const seen: string[] = [];
      for await (const { name } of backend.list("pack")) seen.push(name);
      expect(seen.toSorted(), faulty.plan.describe()).toEqual(names);
      for (const name of names) await backend.remove({ type: "pack", name });
      expect(memory.files.size, faulty.plan.describe()).toBe(0);
      expect(faulty.plan.hits.length).toBeGreaterThan(10);
      return recording.hash();
    };
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const hash = await run(seed);
      expect(await run(seed)).toBe(hash);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(20);
  });
});
