import { describe, expect, it } from "vitest";
import type { Backend, FileRef } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { CrashingBackend, SimulatedCrash } from "#testkit/crashing-backend.ts";

const fileOf = (digit: string): FileRef => ({ type: "pack", name: digit.repeat(64) });

async function story(backend: Backend): Promise<void> {
  await backend.write(fileOf("a"), [new Uint8Array(1)]);
  await backend.write(fileOf("b"), [new Uint8Array(2)]);
  for await (const { name } of backend.list("pack")) await backend.read({ type: "pack", name });
  await backend.read(fileOf("c")).catch(() => undefined);
  await backend.remove(fileOf("a"));
}

describe("CrashingBackend", () => {
  it("stops at every call, before and after its effect", async () => {
    const counting = new CrashingBackend(new MemoryBackend(), { at: Infinity, when: "before" });
    await story(counting);
    expect(counting.calls).toBe(7);
    const states: string[] = [];
    for (let at = 1; at <= counting.calls; at++) {
      for (const when of ["before", "after"] as const) {
        const memory = new MemoryBackend();
        const backend = new CrashingBackend(memory, { at, when });
        await expect(story(backend), `${at} ${when}`).rejects.toThrow(SimulatedCrash);
        expect(backend.isDead).toBe(true);
        await expect(backend.stat(fileOf("a"))).rejects.toThrow(SimulatedCrash);
        states.push([...memory.files.values()].map((bytes) => bytes.length).join(""));
        backend.revive();
        await backend.stat(fileOf("a"));
        expect(backend.calls).toBe(1);
      }
    }
    expect(states.join(" ")).toBe(" 1 1 12 12 12 12 12 12 12 12 12 12 2");
  });

  it("drops the answers of calls that were under way", async () => {
    const memory = new MemoryBackend();
    const backend = new CrashingBackend(memory, { at: 2, when: "before" });
    const first = backend.write(fileOf("a"), []);
    const second = backend.write(fileOf("b"), []);
    const results = await Promise.allSettled([first, second]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(memory.files.size).toBe(1);
  });
});
