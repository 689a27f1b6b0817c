/**
 * A cache in files, in restic's layout: `<cache>/<repository id>/data/73/73d0…`. Copies appear by
 * rename, so that several processes may share it; nothing is synced, since a lost or torn copy is
 * found by its hash and fetched again.
 */
import { mkdir, open, readFile, rename, unlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CofferError } from "#base/errors.ts";
import type { Random } from "#base/random.ts";
import type { CallOptions, FileRef, FileType } from "#backends/backend.ts";
import { pathOf, typeFolder } from "#backends/layout.ts";
import { localFiles, type LocalFile } from "#backends/node/local-files.ts";
import { listFolder } from "#backends/node/local-list.ts";
import { temporaryName } from "#backends/node/local-publish.ts";
import { fromSystemError, systemCode } from "#backends/node/system-error.ts";
import type { CacheStore } from "#backends/wrappers/cache-store.ts";

/** Layout version, as restic numbers it. */
const VERSION = 1;

/** Signature by which backup programs leave a cache out: bford.info/cachedir. */
const CACHE_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by coffer.
# For information about cache directory tags see https://bford.info/cachedir/
`;

export interface CacheStoreOptions {
  /** The folder of all caches; see `cacheFolder`. Made when missing. */
  readonly folder: string;
  /** The repository's id, 64 hex digits. */
  readonly repositoryId: string;
  readonly random: Random;
  /** Wall time in ms; marks the cache as used and dates stale temporary files. */
  readonly nowMs: number;
}

/**
 * Opens or makes the cache of one repository.
 * @throws UNSUPPORTED when a newer program made it; DENIED, STORAGE_FULL, STORAGE_FAILED: go on
 *   without
 */
export async function openCacheStore(options: CacheStoreOptions): Promise<FileCacheStore> {
  if (!/^[0-9a-f]{64}$/.test(options.repositoryId)) {
    throw new CofferError("BAD_FORMAT", "Not the id of a repository");
  }
  const root = join(options.folder, options.repositoryId);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await writeOnce(join(options.folder, "CACHEDIR.TAG"), CACHE_TAG);
    await writeOnce(join(root, "version"), `${VERSION}\n`);
    const version = (await readFile(join(root, "version"), "utf8")).trim();
    // Empty: another process is about to write it, or was killed before.
    if (version !== "" && !(Number(version) <= VERSION)) {
      throw new CofferError("UNSUPPORTED", `The cache at ${root} is from another program version`);
    }
    const seconds = options.nowMs / 1000;
    await utimes(root, seconds, seconds);
    return new FileCacheStore(root, options);
  } catch (error) {
    throw fromSystemError(error, "open the cache", root);
  }
}

/** Made by {@link openCacheStore}. */
export class FileCacheStore implements CacheStore {
  readonly root: string;
  readonly #random: Random;
  readonly #staleBefore: number;

  constructor(root: string, options: CacheStoreOptions) {
    this.root = root;
    this.#random = options.random;
    this.#staleBefore = options.nowMs - 24 * 3600 * 1000;
  }

  async read(file: FileRef, offset = 0, length?: number): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(file);
    let open: LocalFile | undefined;
    try {
      open = await localFiles.open(path);
      const size = await open.size();
      const wanted = length ?? Math.max(0, size - offset);
      if (offset + wanted > size) return undefined;
      const bytes = new Uint8Array(wanted);
      return (await open.read(bytes, offset)) === wanted ? bytes : undefined;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw fromSystemError(error, "read from the cache", path);
    } finally {
      await open?.close();
    }
  }

  async write(file: FileRef, parts: readonly Uint8Array[]): Promise<void> {
    const path = this.#pathOf(file);
    const temporary = join(dirname(path), temporaryName(file.name, this.#random));
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const open = await localFiles.create(temporary, 0o600);
      try {
        await open.write(parts);
      } finally {
        await open.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(ignoreSystemError);
      throw fromSystemError(error, "write to the cache", path);
    }
  }

  async remove(file: FileRef): Promise<void> {
    const path = this.#pathOf(file);
    try {
      await unlink(path);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw fromSystemError(error, "clear the cache", path);
    }
  }

  async list(type: FileType, options?: CallOptions): Promise<string[]> {
    const top = join(this.root, typeFolder(type));
    const names: string[] = [];
    const listing = { signal: options?.signal, staleBefore: this.#staleBefore };
    for (const prefix of await folderNames(top)) {
      if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
      for await (const { name } of listFolder(localFiles, join(top, prefix), type, {
        ...listing,
        prefix,
      })) {
        names.push(name);
      }
    }
    return names;
  }

  /** All types have two-digit folders here, not only packs. */
  #pathOf(file: FileRef): string {
    pathOf(file);
    return join(this.root, typeFolder(file.type), file.name.slice(0, 2), file.name);
  }
}

/** Names of the folders within a folder, in order; none when it is missing. */
export async function folderNames(path: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const name of localFiles.names(path, true)) found.push(name);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fromSystemError(error, "list the cache", path);
  }
  return found.toSorted();
}

async function writeOnce(path: string, text: string): Promise<void> {
  try {
    // Two processes may begin at once: whole or not at all, so by way of an exclusive create.
    const handle = await open(path, "wx", 0o600);
    await writeFile(handle, text).finally(() => handle.close());
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function ignoreSystemError(error: unknown): void {
  if (systemCode(error) === undefined) throw error;
}
