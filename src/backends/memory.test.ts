import { describe, expect, it } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { backendChecks } from "#testkit/backend-suite.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

describe("MemoryBackend", () => {
  const checks = backendChecks(async () => new MemoryBackend(), { random: seededRandom(1) });
  it.each(checks)("$name", async (check) => {
    await check.run();
  });

  it("is full at its capacity and has room again after a removal", async () => {
    const backend = new MemoryBackend({ capacity: 10 });
    const a = { type: "pack", name: "a".repeat(64) } as const;
    const b = { type: "pack", name: "b".repeat(64) } as const;
    await backend.write(a, [new Uint8Array(8)]);
    await expect(backend.write(b, [new Uint8Array(3)])).rejects.toMatchObject({
      code: "STORAGE_FULL",
    });
    expect(backend.files.size).toBe(1);
    await backend.remove(a);
    await backend.write(b, [new Uint8Array(10)]);
  });
});
