/**
 * Walking the folders of a local repository: what is listed, and what is swept away. Foreign names
 * are never touched nor shown (docs/format.md, section 1, "Listing").
 */
import { join } from "node:path";
import { throwIfAborted } from "#base/errors.ts";
import type { FileType, ListedFile } from "#backends/backend.ts";
import { isFileName, packFolders } from "#backends/layout.ts";
import type { LocalFiles } from "#backends/node/local-files.ts";
import { isTemporaryName } from "#backends/node/local-publish.ts";
import { fromSystemError, systemCode } from "#backends/node/system-error.ts";

/** Sizes asked at once: enough to hide the latency of a share, few enough to stay small. */
const STATS_AT_ONCE = 32;

export interface FolderListing {
  readonly signal: AbortSignal | undefined;
  /** First digits that names in this folder must have, default none. */
  readonly prefix?: string;
  /** Our temporary files last written before this (ms since the epoch) are removed on the way. */
  readonly staleBefore: number;
}

/**
 * The repository files of one folder with their sizes; a missing folder is an empty one. A file
 * that vanishes between its name and its size is left out.
 * @throws DENIED, STORAGE_FAILED, ABORTED
 */
export async function* listFolder(
  files: LocalFiles,
  folder: string,
  type: FileType,
  listing: FolderListing,
): AsyncGenerator<ListedFile> {
  try {
    let batch: string[] = [];
    for await (const name of files.names(folder)) {
      if (isTemporaryName(name)) await sweepFile(files, join(folder, name), listing.staleBefore);
      if (!isFileName(type, name) || !name.startsWith(listing.prefix ?? "")) continue;
      if (batch.push(name) < STATS_AT_ONCE) continue;
      yield* await sizes(files, folder, batch, listing.signal);
      batch = [];
    }
    yield* await sizes(files, folder, batch, listing.signal);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw fromSystemError(error, `list the ${type} files`, folder);
  }
}

/** Folders of packs read at once, as many as Node's thread pool serves. */
const FOLDERS_AT_ONCE = 4;

/**
 * All packs of the 256 folders below `root`. Holds the entries of a few folders in memory, so that
 * the round trips to a share overlap.
 * @throws as {@link listFolder}
 */
export async function* listPacks(
  files: LocalFiles,
  root: string,
  listing: FolderListing,
): AsyncGenerator<ListedFile> {
  const folders = packFolders();
  for (let at = 0; at < folders.length; at += FOLDERS_AT_ONCE) {
    const some = folders.slice(at, at + FOLDERS_AT_ONCE);
    const found = await Promise.all(
      some.map(async (folder) => {
        const packs: ListedFile[] = [];
        const within = { ...listing, prefix: folder.slice(-2) };
        for await (const pack of listFolder(files, join(root, folder), "pack", within)) {
          packs.push(pack);
        }
        return packs;
      }),
    );
    for (const packs of found) yield* packs;
  }
}

async function sizes(
  files: LocalFiles,
  folder: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ListedFile[]> {
  throwIfAborted(signal);
  const found = await Promise.all(
    names.map(async (name) => {
      const entry = await files.stat(join(folder, name));
      return entry?.isFile ? { name, size: entry.size } : undefined;
    }),
  );
  return found.filter((file) => file !== undefined);
}

/**
 * Removes our stale temporary files from one folder. What cannot be removed is left for next time.
 */
export async function sweepFolder(
  files: LocalFiles,
  folder: string,
  staleBefore: number,
): Promise<void> {
  try {
    for await (const name of files.names(folder)) {
      if (isTemporaryName(name)) await sweepFile(files, join(folder, name), staleBefore);
    }
  } catch (error) {
    // A folder that is missing or closed to us is the next real call's to report.
    if (!["ENOENT", "EACCES", "EPERM", "ENOTDIR"].includes(systemCode(error) ?? "")) throw error;
  }
}

async function sweepFile(files: LocalFiles, path: string, staleBefore: number): Promise<void> {
  const found = await files.stat(path);
  if (found === undefined || !found.isFile || found.mtimeMs >= staleBefore) return;
  await files.unlink(path).catch((error: unknown) => {
    if (systemCode(error) === undefined) throw error;
  });
}
