import { describe, expect, it } from "vitest";
import type { FileRef } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { LimitBackend } from "#backends/wrappers/limit.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

const fileOf = (type: FileRef["type"], n: number): FileRef => ({
  type,
  name: n.toString(16).padStart(64, "0"),
});

class SlowBackend extends WrappedBackend {
  running = 0;
  most = 0;
  release: (() => void)[] = [];
  override async stat(): Promise<undefined> {
    this.most = Math.max(this.most, ++this.running);
    await new Promise<void>((resolve) => this.release.push(resolve));
    this.running--;
    return undefined;
  }
}

describe("LimitBackend", () => {
  it("keeps uploads and downloads to their rates", async () => {
    const clock = createFakeClock();
    const backend = new LimitBackend(new MemoryBackend(), { clock, upload: 1000, download: 2000 });
    for (let i = 0; i < 11; i++) await backend.write(fileOf("pack", i), [new Uint8Array(500)]);
    expect(clock.monotonicMs()).toBeCloseTo(5000, -2);
    const began = clock.monotonicMs();
    for (let i = 0; i < 21; i++) await backend.read(fileOf("pack", i % 11));
    // A second's worth is free after the pause.
    expect(clock.monotonicMs() - began).toBeCloseTo(4000, -2);
  });

  it("changes the rate while calls wait", async () => {
    const clock = createFakeClock();
    const backend = new LimitBackend(new MemoryBackend(), { clock, upload: 1 });
    await backend.write(fileOf("pack", 1), [new Uint8Array(1_000_000)]);
    const waiting = backend.write(fileOf("pack", 2), [new Uint8Array(10)]);
    await Promise.resolve();
    backend.setLimits({ upload: Infinity });
    await waiting;
    expect(clock.monotonicMs()).toBeLessThan(2000);
  });

  it("lets lock files pass and interrupts who waits", async () => {
    const clock = createFakeClock();
    const slow = new SlowBackend(new MemoryBackend());
    const backend = new LimitBackend(slow, { clock, connections: 2 });
    const stop = new AbortController();
    const calls = [1, 2, 3].map((n) => backend.stat(fileOf("pack", n)));
    const aborted = backend.stat(fileOf("pack", 4), { signal: stop.signal });
    const lock = backend.stat(fileOf("lock", 1));
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
    expect(slow.running).toBe(3);
    const drain = setInterval(() => slow.release.shift()?.(), 0);
    await Promise.all([...calls, lock]);
    clearInterval(drain);
    expect(slow.most).toBe(3);
  });

  it("widens the number of calls while some wait", async () => {
    const slow = new SlowBackend(new MemoryBackend());
    const backend = new LimitBackend(slow, { clock: createFakeClock(), connections: 1 });
    const calls = [1, 2, 3].map((n) => backend.stat(fileOf("pack", n)));
    await Promise.resolve();
    backend.setLimits({ connections: 3 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(slow.running).toBe(3);
    expect(backend.connections).toBe(3);
    for (const release of slow.release) release();
    await Promise.all(calls);
  });
});
