/**
 * The mandatory suite over every wrapper, and over the storages of the test kit when they behave.
 */
import { createHash } from "node:crypto";
import { describe, it } from "vitest";
import type { Backend } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { CacheBackend } from "#backends/wrappers/cache.ts";
import { LimitBackend } from "#backends/wrappers/limit.ts";
import { LogBackend } from "#backends/wrappers/log.ts";
import { RetryBackend } from "#backends/wrappers/retry.ts";
import { WrappedBackend } from "#backends/wrappers/wrapped.ts";
import { backendChecks } from "#testkit/backend-suite.ts";
import { CrashingBackend } from "#testkit/crashing-backend.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";
import { FaultyBackend } from "#testkit/faulty-backend.ts";
import { RecordingBackend } from "#testkit/recording-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { MemoryCacheStore } from "#testkit/memory-cache-store.ts";

const sha256 = (parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

class CacheableBackend extends WrappedBackend {
  override read(...[file, options]: Parameters<Backend["read"]>): Promise<Uint8Array> {
    return this.inner.read(file, { ...options, cacheable: true });
  }
}

const clock = createFakeClock();
const inner = (): MemoryBackend => new MemoryBackend();
const retry = (backend: Backend): Backend =>
  new RetryBackend(backend, { clock, random: seededRandom(6) });
const cache = (backend: Backend): Backend =>
  new CacheBackend(backend, { store: new MemoryCacheStore(), sha256 });

const WRAPPERS: Readonly<Record<string, () => Backend>> = {
  retry: () => retry(inner()),
  limit: () => new LimitBackend(inner(), { clock, connections: 2, upload: 5e8, download: 5e8 }),
  "limit to one call": () => new LimitBackend(inner(), { clock, connections: 1 }),
  log: () => new LogBackend(inner(), clock, () => undefined),
  cache: () => cache(inner()),
  "cache of packs": () => new CacheableBackend(cache(inner())),
  faulty: () => new FaultyBackend(inner(), { seed: 1 }),
  crashing: () => new CrashingBackend(inner(), { at: Infinity, when: "before" }),
  recording: () => new RecordingBackend(inner()),
  "all of them": () =>
    cache(retry(new LogBackend(new LimitBackend(inner(), { clock }), clock, () => undefined))),
};

describe.each(Object.entries(WRAPPERS))("%s", (_, make) => {
  const checks = backendChecks(async () => make(), { random: seededRandom(5), large: 200_003 });
  it.each(checks)("$name", async (check) => {
    await check.run();
  });
});
