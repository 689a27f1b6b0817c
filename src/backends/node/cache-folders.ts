/**
 * Where caches live on each system, which there are, and removing those of repositories gone by.
 */
import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { CofferError } from "#base/errors.ts";
import { folderNames } from "#backends/node/cache-store.ts";
import { localFiles } from "#backends/node/local-files.ts";
import { fromSystemError } from "#backends/node/system-error.ts";

/**
 * The folder of all caches: `$XDG_CACHE_HOME/coffer`, `~/Library/Caches/coffer` on macOS,
 * `%LOCALAPPDATA%\coffer` on Windows. Pure: the caller hands in what the system says.
 * @returns undefined when the system names no such place; go on without a cache
 */
export function cacheFolder(system: {
  platform: string;
  env: Readonly<Record<string, string | undefined>>;
  home: string | undefined;
}): string | undefined {
  const { platform, env, home } = system;
  if (platform === "win32") return env["LOCALAPPDATA"] && join(env["LOCALAPPDATA"], "coffer");
  if (platform === "darwin") return home && join(home, "Library", "Caches", "coffer");
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG specification says that relative paths are to be ignored.
  if (xdg?.startsWith("/")) return join(xdg, "coffer");
  return home && join(home, ".cache", "coffer");
}

export interface CacheInfo {
  readonly repositoryId: string;
  readonly path: string;
  /** Wall time of the last use, ms since the epoch. */
  readonly usedMs: number;
  /** Bytes of all copies; asked for on demand, since it walks them all. */
  size(): Promise<number>;
}

/** Every repository's cache in a folder, by id. None when the folder is missing. */
export async function listCaches(folder: string): Promise<CacheInfo[]> {
  const found: CacheInfo[] = [];
  for (const repositoryId of await folderNames(folder)) {
    if (!/^[0-9a-f]{64}$/.test(repositoryId)) continue;
    const path = join(folder, repositoryId);
    const usedMs = (await localFiles.stat(path))?.mtimeMs;
    if (usedMs === undefined) continue;
    found.push({ repositoryId, path, usedMs, size: () => sizeOf(path) });
  }
  return found;
}

/**
 * Removes one repository's cache and all in it.
 * @throws BAD_FORMAT when the id is no id; DENIED, STORAGE_FAILED
 */
export async function removeCache(folder: string, repositoryId: string): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(repositoryId)) {
    throw new CofferError("BAD_FORMAT", "Not the id of a repository");
  }
  const path = join(folder, repositoryId);
  try {
    // Depth is three by our layout, so the recursion of `rm` is bounded; links are not followed.
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw fromSystemError(error, "remove the cache", path);
  }
}

async function sizeOf(path: string): Promise<number> {
  let size = 0;
  for (const type of await folderNames(path)) {
    for (const prefix of await folderNames(join(path, type))) {
      const folder = join(path, type, prefix);
      for await (const name of localFiles.names(folder)) {
        size += (await lstat(join(folder, name))).size;
      }
    }
  }
  return size;
}
