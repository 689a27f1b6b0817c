import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Backend, FileRef, ListedFile } from "#backends/backend.ts";
import { localFiles, type LocalFiles } from "#backends/node/local-files.ts";
import { openLocal } from "#backends/node/local.ts";
import { backendChecks } from "#testkit/backend-suite.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const clock = createFakeClock();
const random = seededRandom(2);
const name = "ab".repeat(32);
const pack: FileRef = { type: "pack", name };
let base = "";

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "coffer-local-"));
});
afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

async function made(): Promise<Backend> {
  const backend = await openLocal({ root: join(base, "repo"), clock, random });
  await backend.create();
  return backend;
}

async function listed(backend: Backend, type: FileRef["type"]): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  for await (const file of backend.list(type)) found.push(file);
  return found;
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("LocalBackend", () => {
  const factory = () => openLocal({ root: join(base, "deep", "repo"), clock, random });
  const checks = backendChecks(factory, { random: seededRandom(3), listed: 1100 });
  it.each(checks)("$name", async (check) => {
    await check.run();
  });

  it("has restic's layout and private, read-only files", async () => {
    const backend = await made();
    const root = join(base, "repo");
    expect((await readdir(root)).toSorted()).toEqual([
      "data",
      "index",
      "keys",
      "locks",
      "snapshots",
    ]);
    expect(await readdir(join(root, "data"))).toHaveLength(256);
    await backend.write(pack, [new Uint8Array(3)]);
    expect(await modeOf(root)).toBe(0o700);
    expect(await modeOf(join(root, "data", "ab"))).toBe(0o700);
    expect(await modeOf(join(root, "data", "ab", name))).toBe(0o400);
  });

  it("shares with the group when the config does", async () => {
    await made();
    await writeFile(join(base, "repo", "config"), "x", { mode: 0o640 });
    await chmod(join(base, "repo", "config"), 0o440);
    const backend = await openLocal({ root: join(base, "repo"), clock, random });
    await backend.write(pack, [new Uint8Array(3)]);
    expect(await modeOf(join(base, "repo", "data", "ab", name))).toBe(0o440);
  });

  it("tells a missing repository from missing files", async () => {
    const backend = await openLocal({ root: join(base, "gone"), clock, random });
    expect(await backend.stat({ type: "config", name: "config" })).toBeUndefined();
    const lost = { code: "NO_REPOSITORY" };
    await expect(backend.stat(pack)).rejects.toMatchObject(lost);
    await expect(backend.read(pack)).rejects.toMatchObject(lost);
    await expect(backend.remove(pack)).rejects.toMatchObject(lost);
    await expect(listed(backend, "snapshot")).rejects.toMatchObject(lost);
    await expect(backend.write(pack, [])).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await readdir(base)).toEqual([]);
  });

  it("makes a dropped pack folder again and lists a dropped one as empty", async () => {
    const backend = await made();
    await writeFile(join(base, "repo", "config"), "x");
    await rm(join(base, "repo", "data"), { recursive: true });
    expect(await listed(backend, "pack")).toEqual([]);
    await backend.write(pack, [new Uint8Array(3)]);
    expect(await listed(backend, "pack")).toEqual([{ name, size: 3 }]);
  });

  it("leaves foreign names out of listings", async () => {
    const backend = await made();
    const root = join(base, "repo");
    await backend.write(pack, [new Uint8Array(3)]);
    await writeFile(join(root, "data", "ab", `${name}.par`), "x");
    await writeFile(join(root, "data", "ab", name.toUpperCase()), "x");
    await writeFile(join(root, "data", "cd".padStart(2)), "x").catch(() => undefined);
    await writeFile(join(root, "data", "00", name), "in the wrong folder");
    await mkdir(join(root, "data", "par"));
    await mkdir(join(root, "data", "ab", "cd".repeat(32)));
    expect(await listed(backend, "pack")).toEqual([{ name, size: 3 }]);
  });

  it("sweeps only its own stale temporary files", async () => {
    await made();
    const root = join(base, "repo");
    const stale = [
      join(root, "data", "ab", `${name}-tmp-0011223344556677`),
      join(root, "data", "pack-tmp-0011223344556677"),
      join(root, "index", `${name}-tmp-0011223344556677`),
    ];
    const kept = [
      join(root, "index", `${name}-tmp-99`),
      join(root, "index", `${name}-tmp-8899aabbccddeeff`),
      join(root, "config-tmp-notes.txt"),
    ];
    const now = clock.now().seconds;
    for (const path of [...stale, ...kept]) {
      await writeFile(path, "x");
      await utimes(path, now - 90_000, now - 90_000);
    }
    await utimes(kept[1]!, now - 80_000, now - 80_000);
    const backend = await openLocal({ root, clock, random });
    expect(await listed(backend, "pack")).toEqual([]);
    for (const path of stale) await expect(stat(path)).rejects.toThrow("ENOENT");
    for (const path of kept) expect((await stat(path)).size).toBe(1);
  });

  it.each([
    ["ENOSPC", "STORAGE_FULL", false],
    ["EDQUOT", "STORAGE_FULL", false],
    ["EACCES", "DENIED", false],
    ["EROFS", "DENIED", false],
    ["EIO", "STORAGE_FAILED", true],
    ["ELOOP", "STORAGE_FAILED", false],
  ])("reports %s as %s", async (system, code, retryable) => {
    await made();
    const root = join(base, "repo");
    const failing = Object.assign(new Error(system), { code: system });
    const files = { ...localFiles, create: () => Promise.reject(failing) };
    const backend = await openLocal({ root, clock, random, files });
    const error = await backend.write(pack, []).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, retryable, data: { system } });
  });

  it("never syncs a descriptor again whose sync failed, and starts over in a new file", async () => {
    await made();
    const root = join(base, "repo");
    const syncs = new Map<string, number>();
    let failures = 1;
    const files: LocalFiles = {
      ...localFiles,
      async create(path, mode) {
        const file = await localFiles.create(path, mode);
        return {
          write: (parts) => file.write(parts),
          read: (into, position) => file.read(into, position),
          size: () => file.size(),
          chmod: (bits) => file.chmod(bits),
          close: () => file.close(),
          sync: () => {
            syncs.set(path, (syncs.get(path) ?? 0) + 1);
            if (failures-- > 0) throw Object.assign(new Error("EIO"), { code: "EIO" });
            return file.sync();
          },
        };
      },
    };
    const backend = await openLocal({ root, clock, random, files });
    await expect(backend.write(pack, [new Uint8Array(9)])).rejects.toMatchObject({
      code: "STORAGE_FAILED",
      retryable: true,
    });
    expect(await readdir(join(root, "data", "ab"))).toEqual([]);
    await backend.write(pack, [new Uint8Array(9)]);
    expect([...syncs.values()]).toEqual([1, 1]);
  });

  it("warns once where nothing can be synced, and goes on", async () => {
    const warnings: string[] = [];
    const files: LocalFiles = { ...localFiles, syncFolder: async () => false };
    const onWarning = (message: string): unknown => warnings.push(message);
    const root = join(base, "repo");
    const backend = await openLocal({ root, clock, random, files, onWarning });
    await backend.create();
    await backend.write(pack, [new Uint8Array(9)]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("power loss");
  });

  it("publishes by rename where there are no links, still over nothing", async () => {
    const link = (): Promise<never> =>
      Promise.reject(Object.assign(new Error("EPERM"), { code: "EPERM" }));
    const root = join(base, "repo");
    const files: LocalFiles = { ...localFiles, link };
    const backend = await openLocal({ root, clock, random, files });
    await backend.create();
    await backend.write(pack, [new Uint8Array(9)]);
    const again = backend.write(pack, [new Uint8Array(8)]);
    await expect(again).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await listed(backend, "pack")).toEqual([{ name, size: 9 }]);
    expect(await readdir(join(root, "data", "ab"))).toEqual([name]);
  });
});
