import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileRef } from "#backends/backend.ts";
import { cacheFolder, listCaches, removeCache } from "#backends/node/cache-folders.ts";
import { openCacheStore, type FileCacheStore } from "#backends/node/cache-store.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const repositoryId = "12".repeat(32);
const name = "ab".repeat(32);
const nowMs = 1_795_521_600_000;
let folder = "";

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "coffer-cache-")), "coffer");
});
afterEach(async () => {
  await rm(join(folder, ".."), { recursive: true, force: true });
});

const made = (seed = 1): Promise<FileCacheStore> =>
  openCacheStore({ folder, repositoryId, random: seededRandom(seed), nowMs });

describe("FileCacheStore", () => {
  it("keeps copies in restic's layout", async () => {
    const store = await made();
    for (const [type, top] of [
      ["snapshot", "snapshots"],
      ["index", "index"],
      ["pack", "data"],
    ] as const) {
      const file: FileRef = { type, name };
      expect(await store.read(file)).toBeUndefined();
      await store.write(file, [Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
      const path = join(folder, repositoryId, top, "ab", name);
      expect([...(await readFile(path))]).toEqual([1, 2, 3, 4]);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await store.read(file, 1, 2)).toEqual(Uint8Array.of(2, 3));
      expect(await store.read(file, 3)).toEqual(Uint8Array.of(4));
      expect(await store.read(file, 3, 2)).toBeUndefined();
      await store.write(file, [Uint8Array.of(9)]);
      expect(await store.list(type)).toEqual([name]);
      await store.remove(file);
      await store.remove(file);
      expect(await store.list(type)).toEqual([]);
    }
    expect(await readFile(join(folder, "CACHEDIR.TAG"), "utf8")).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    );
    expect(await readFile(join(folder, repositoryId, "version"), "utf8")).toBe("1\n");
  });

  it("is shared by several processes", async () => {
    const stores = await Promise.all([made(1), made(2), made(3)]);
    const file: FileRef = { type: "pack", name };
    await Promise.all(stores.map((store, i) => store.write(file, [new Uint8Array(1000).fill(i)])));
    const got = await stores[0]!.read(file);
    expect(got).toHaveLength(1000);
    expect(new Set(got).size).toBe(1);
  });

  it("leaves the cache of a newer version alone", async () => {
    await made();
    await writeFile(join(folder, repositoryId, "version"), "2\n");
    await expect(made()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await writeFile(join(folder, repositoryId, "version"), "");
    await made();
  });

  it("sweeps the temporary files of killed writers", async () => {
    const store = await made();
    await store.write({ type: "index", name }, []);
    const stale = join(folder, repositoryId, "index", "ab", `${name}-tmp-0011223344556677`);
    await writeFile(stale, "x");
    await utimes(stale, nowMs / 1000 - 90_000, nowMs / 1000 - 90_000);
    expect(await store.list("index")).toEqual([name]);
    await expect(stat(stale)).rejects.toThrow("ENOENT");
  });

  it("never leaves its folder", async () => {
    const store = await made();
    const bad: FileRef = { type: "pack", name: "../../../../x" };
    await expect(store.read(bad)).rejects.toMatchObject({ code: "BAD_FORMAT" });
    await expect(store.write(bad, [])).rejects.toMatchObject({ code: "BAD_FORMAT" });
    await expect(removeCache(folder, "..")).rejects.toMatchObject({ code: "BAD_FORMAT" });
    await expect(
      openCacheStore({ folder, repositoryId: "../x", random: seededRandom(1), nowMs }),
    ).rejects.toMatchObject({ code: "BAD_FORMAT" });
  });
});

describe("cache folders", () => {
  it("are listed with age and size, and removed", async () => {
    expect(await listCaches(folder)).toEqual([]);
    const store = await made();
    await store.write({ type: "pack", name }, [new Uint8Array(500)]);
    await openCacheStore({ folder, repositoryId, random: seededRandom(1), nowMs });
    const [cache, ...others] = await listCaches(folder);
    expect(others).toEqual([]);
    expect(cache).toMatchObject({ repositoryId, usedMs: nowMs });
    expect(await cache?.size()).toBe(500);
    await removeCache(folder, repositoryId);
    await removeCache(folder, repositoryId);
    expect(await listCaches(folder)).toEqual([]);
  });

  it.each([
    ["linux", { XDG_CACHE_HOME: "/x" }, "/home/me", "/x/coffer"],
    ["linux", { XDG_CACHE_HOME: "relative" }, "/home/me", "/home/me/.cache/coffer"],
    ["linux", {}, undefined, undefined],
    ["darwin", { XDG_CACHE_HOME: "/x" }, "/Users/me", "/Users/me/Library/Caches/coffer"],
    ["win32", { LOCALAPPDATA: "/l" }, undefined, "/l/coffer"],
    ["win32", {}, "/home/me", undefined],
  ])("on %s with %j and home %s are in %s", (platform, env, home, wanted) => {
    expect(cacheFolder({ platform, env, home })).toBe(wanted);
  });
});
