import { describe, expect, it } from "vitest";
import type { FileRef, FileType } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { FAULTS, type FaultKind } from "#testkit/fault-plan.ts";
import { FaultyBackend } from "#testkit/faulty-backend.ts";
import { RecordingBackend } from "#testkit/recording-backend.ts";

const a: FileRef = { type: "pack", name: "a".repeat(64) };
const b: FileRef = { type: "pack", name: "b".repeat(64) };
const bytesA = Uint8Array.from({ length: 200 }, (_, i) => i);
const bytesB = bytesA.toReversed();

async function made(call: "write" | "read" | "list" | "remove", kind: FaultKind) {
  const memory = new MemoryBackend();
  const backend = new FaultyBackend(memory, { seed: 5, plan: [{ call, nth: 1, kind }] });
  if (call !== "write") {
    await backend.write(a, [bytesA]);
    await backend.write(b, [bytesB]);
  }
  return { memory, backend };
}

async function names(backend: FaultyBackend, type: FileType = "pack"): Promise<string> {
  let found = "";
  for await (const { name } of backend.list(type)) found += name[0];
  return found;
}

function bitsApart(left: Uint8Array, right: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < left.length; i++) {
    for (let x = left[i]! ^ right[i]!; x !== 0; x >>= 1) count += x & 1;
  }
  return count;
}

describe("FaultyBackend", () => {
  it("fails before or after the effect, tears and loses writes", async () => {
    const sizes: (number | undefined)[] = [];
    for (const kind of [
      "error-before",
      "error-after",
      "torn-write",
      "lost-write",
      "full",
    ] as const) {
      const { memory, backend } = await made("write", kind);
      const [result] = await Promise.allSettled([backend.write(a, [bytesA])]);
      expect(result.status).toBe(kind === "lost-write" ? "fulfilled" : "rejected");
      sizes.push((await memory.stat(a))?.size);
      backend.plan.assertAllHit();
    }
    const torn = sizes[2]!;
    expect(sizes).toEqual([undefined, 200, torn, undefined, undefined]);
    expect(torn).toBeLessThan(200);
  });

  it("flips one bit, once or for good, in whatever range", async () => {
    const once = await made("read", "flip-once");
    expect(bitsApart(await once.backend.read(a), bytesA)).toBe(1);
    expect(await once.backend.read(a)).toEqual(bytesA);
    const always = await made("read", "flip-always");
    const first = await always.backend.read(a);
    expect(bitsApart(first, bytesA)).toBe(1);
    expect(await always.backend.read(a)).toEqual(first);
    for (let offset = 0; offset < 200; offset += 50) {
      const part = await always.backend.read(a, { offset, length: 50 });
      expect(part).toEqual(first.subarray(offset, offset + 50));
    }
    expect(await always.backend.read(b)).toEqual(bytesB);
  });

  it("gives too little, or another file", async () => {
    const short = await made("read", "truncated-read");
    expect((await short.backend.read(a, { length: 100 })).length).toBeLessThan(100);
    const wrong = await made("read", "wrong-object");
    expect(await wrong.backend.read(a, { offset: 2, length: 9 })).toEqual(bytesB.subarray(2, 11));
  });

  it("hides, repeats, resurrects and cuts listings", async () => {
    const got: string[] = [];
    for (const kind of ["hide-newest", "repeat-entries", "stop-listing", "list-removed"] as const) {
      const { backend } = await made("list", kind);
      if (kind === "list-removed") await backend.remove(b);
      got.push(await names(backend), await names(backend));
    }
    expect(got).toEqual(["a", "ab", "aabb", "ab", "a", "ab", "ba", "a"]);
  });

  it("complains about faults that nothing met, with its seed", async () => {
    const { backend } = await made("remove", "denied");
    expect(() => backend.plan.assertAllHit()).toThrow(/denied.*seed 5/);
    await expect(backend.remove(a)).rejects.toMatchObject({ code: "DENIED" });
    backend.plan.assertAllHit();
    await expect(made("list", "full")).rejects.toThrow("cannot suffer");
  });

  it("repeats itself from the seed and stops when told to", async () => {
    const run = async (seed: number): Promise<string> => {
      const chances = Object.fromEntries(Object.keys(FAULTS).map((kind) => [kind, 0.05]));
      const faulty = new FaultyBackend(new MemoryBackend(), { seed, chances, most: 12 });
      const backend = new RecordingBackend(faulty);
      for (let i = 0; i < 60; i++) {
        const file: FileRef = { type: "index", name: i.toString(16).padStart(64, "0") };
        await backend.write(file, [bytesA]).catch(() => undefined);
        await backend.read(file).catch(() => undefined);
      }
      expect(faulty.plan.hits).toHaveLength(12);
      return backend.hash();
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });
});
