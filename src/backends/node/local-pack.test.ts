import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { concatBytes, equalBytes } from "#base/bytes.ts";
import { localFiles } from "#backends/node/local-files.ts";
import { openPackFile, type LocalPackFile } from "#backends/node/local-pack-file.ts";
import { LocalPackReader } from "#backends/node/local-pack-reader.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const modes = { folder: 0o700, file: 0o600, finished: 0o400 };
const random = seededRandom(4);
const id = "cd".repeat(32);
let root = "";

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "coffer-pack-"));
  await mkdir(join(root, "data", "cd"), { recursive: true });
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const begin = (files = localFiles): LocalPackFile =>
  openPackFile(root, { modes, random, files, buffer: new Uint8Array(4096) });
const idOf = (n: number): string => n.toString(16).padStart(64, "0");
const left = (): string[] => readdirSync(join(root, "data")).filter((name) => name.includes("tmp"));
const published = (): Uint8Array => readFileSync(join(root, "data", "cd", id));

describe("LocalPackFile", () => {
  it("holds the appended bytes, whatever their sizes", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9000), { maxLength: 12 }), async (sizes) => {
        const parts = sizes.map((size) => random.fill(new Uint8Array(size)));
        const file = begin();
        for (const part of parts) {
          const lent = part.slice();
          file.append(lent);
          lent.fill(0);
        }
        const whole = concatBytes(parts);
        expect(file.size).toBe(whole.length);
        const name = idOf(n++);
        expect(await file.finish(name)).toBe(true);
        const path = join(root, "data", "00", name);
        expect(equalBytes(readFileSync(path), whole)).toBe(true);
        expect(statSync(path).mode & 0o777).toBe(0o400);
      }),
      { numRuns: 40 },
    );
    expect(left()).toEqual([]);
  });

  it("frees its buffer before the sync is done", async () => {
    const buffer = new Uint8Array(4096);
    const first = openPackFile(root, { modes, random, buffer });
    first.append(Uint8Array.of(1, 2, 3));
    const finishing = first.finish(id);
    buffer.fill(9);
    await finishing;
    expect([...published()]).toEqual([1, 2, 3]);
  });

  it("refuses a name that is taken and leaves nothing behind", async () => {
    const first = begin();
    first.append(Uint8Array.of(1));
    await first.finish(id);
    const second = begin();
    second.append(Uint8Array.of(2));
    await expect(second.finish(id)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect([...published()]).toEqual([1]);
    expect(left()).toEqual([]);
    expect(() => second.append(Uint8Array.of(1))).toThrow("already finished");
  });

  it("goes away when aborted", () => {
    const file = begin();
    file.append(new Uint8Array(10_000));
    expect(left()).toHaveLength(1);
    file.abort();
    file.abort();
    expect(left()).toEqual([]);
  });

  it.each(["EPERM", "EXDEV"])("is published without links too (%s)", async (code) => {
    let refused = 0;
    const link = (from: string, to: string): Promise<void> => {
      if (code === "EXDEV" && refused > 0) return localFiles.link(from, to);
      refused++;
      return Promise.reject(Object.assign(new Error(code), { code }));
    };
    const file = begin({ ...localFiles, link });
    file.append(Uint8Array.of(7, 8));
    await file.finish(id);
    expect([...published()]).toEqual([7, 8]);
    expect(refused).toBe(1);
    expect(left()).toEqual([]);
    const again = begin({ ...localFiles, link });
    refused = 0;
    await expect(again.finish(id)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(left()).toEqual([]);
    expect(readdirSync(join(root, "data", "cd"))).toEqual([id]);
  });
});

describe("LocalPackReader", () => {
  it("reads exact ranges while few packs stay open", () => {
    const reader = new LocalPackReader(root, 2);
    const before = readdirSync("/proc/self/fd").length;
    const packs = Array.from({ length: 5 }, (_, i) => {
      const name = `cd${i}`.padEnd(64, "0");
      const bytes = random.fill(new Uint8Array(1000 + i));
      writeFileSync(join(root, "data", "cd", name), bytes);
      return { name, bytes };
    });
    const into = new Uint8Array(1000);
    for (let round = 0; round < 3; round++) {
      for (const { name, bytes } of packs) {
        expect(reader.read(name, 3, 500)).toEqual(bytes.subarray(3, 503));
        expect(reader.read(name, 10, 20, into)).toEqual(bytes.subarray(10, 30));
        expect(reader.read(name, bytes.length, 0)).toHaveLength(0);
        expect(reader.size(name)).toBe(bytes.length);
      }
    }
    expect(readdirSync("/proc/self/fd").length - before).toBe(2);
    reader.close();
    expect(readdirSync("/proc/self/fd").length).toBe(before);
  });

  it("tells short from missing", () => {
    const reader = new LocalPackReader(root);
    writeFileSync(join(root, "data", "cd", id), new Uint8Array(10));
    const code = (call: () => unknown): unknown => {
      try {
        return call();
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    };
    expect(code(() => reader.read(id, 5, 6))).toBe("SHORT_READ");
    expect(code(() => reader.read(id, 0, 2 ** 45))).toBe("SHORT_READ");
    expect(code(() => reader.read("ee".repeat(32), 0, 1))).toBe("NOT_FOUND");
    expect(code(() => reader.read("../../etc/passwd", 0, 1))).toBe("BAD_FORMAT");
    reader.close();
  });
});
