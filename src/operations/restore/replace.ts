/** Making room on the target: removing what stands where an entry goes, links never followed. */
import { CofferError } from "#base/errors.ts";
import { targetCode } from "#operations/restore/failures.ts";
import type { EntryMeta, TargetFile, TargetFolder } from "#platform/restore-target.ts";

/**
 * Removes whatever has the name, but no folder with something in it unless `deep`.
 * @returns false when there was nothing
 * @throws TARGET_FAILED for a folder that is not empty
 */
export async function removeEntry(
  folder: TargetFolder,
  name: Uint8Array,
  deep: boolean,
): Promise<boolean> {
  const stat = await folder.stat(name);
  if (stat === undefined) return false;
  if (stat.type !== "dir") {
    await folder.removeFile(name);
    return true;
  }
  if (deep) await emptyFolder(folder, name);
  try {
    await folder.removeFolder(name);
  } catch (error) {
    const code = targetCode(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    const message = "A folder that is not empty stands in its place";
    throw new CofferError("TARGET_FAILED", message, { cause: error });
  }
  return true;
}

/** A folder whose entries are being removed. Closed (undefined) while far above the work. */
interface Level {
  readonly name: Uint8Array;
  readonly names: Uint8Array[];
  folder: TargetFolder | undefined;
}

/** Folders held open on the way down; trees can be deeper than a process may have descriptors. */
const OPEN_LEVELS = 100;

/** Removes everything in a folder. Iterative, a bounded number of descriptors. */
async function emptyFolder(parent: TargetFolder, name: Uint8Array): Promise<void> {
  const levels: Level[] = [];
  try {
    await enter(levels, parent, name);
    while (levels.length > 0) {
      const level = levels.at(-1)!;
      const folder = level.folder ?? (await reopen(levels, parent));
      const next = level.names.pop();
      if (next === undefined) {
        folder.close();
        levels.pop();
        const above = levels.at(-1);
        if (above === undefined) break;
        await (above.folder ?? (await reopen(levels, parent))).removeFolder(level.name);
        continue;
      }
      const stat = await folder.stat(next);
      if (stat === undefined) continue;
      if (stat.type === "dir") await enter(levels, folder, next);
      else await folder.removeFile(next);
    }
  } finally {
    for (const level of levels) level.folder?.close();
  }
}

async function enter(levels: Level[], parent: TargetFolder, name: Uint8Array): Promise<void> {
  const folder = await parent.openFolder(name);
  levels.push({ name, names: await folder.list(), folder });
  const far = levels[levels.length - 1 - OPEN_LEVELS];
  far?.folder?.close();
  if (far !== undefined) far.folder = undefined;
}

/** Opens the last level again, and half a window of those above it. */
async function reopen(levels: readonly Level[], parent: TargetFolder): Promise<TargetFolder> {
  const kept = levels.length - OPEN_LEVELS / 2;
  let folder = parent;
  for (const [depth, level] of levels.entries()) {
    const next = await folder.openFolder(level.name);
    if (depth > 0 && depth - 1 < kept) folder.close();
    if (depth >= kept) level.folder = next;
    folder = next;
  }
  return folder;
}

/**
 * Makes a file for an entry, after removing what is there where the plan says so.
 * @param deep also remove a folder with all that is in it
 * @throws an Error with `EEXIST` when something is there that was not there when the plan was made
 */
export async function createOver(
  folder: TargetFolder,
  name: Uint8Array,
  replace: boolean,
  deep: boolean,
): Promise<TargetFile> {
  if (replace) await removeEntry(folder, name, deep);
  return folder.createFile(name);
}

/**
 * Opens a file that was made or seen before, and makes sure that it is still the same one.
 * @param identity as in {@link TargetStat.identity}
 * @throws UNSAFE_PATH when another file took its place
 */
export async function openSame(
  folder: TargetFolder,
  name: Uint8Array,
  access: "read" | "write",
  identity: string,
): Promise<TargetFile> {
  const file = await folder.openFile(name, access);
  const stat = await file.stat();
  if (stat.identity === identity && stat.links === 1) return file;
  await file.close();
  throw replaced();
}

function replaced(): CofferError {
  return new CofferError("UNSAFE_PATH", "Another file took its place while it was being restored");
}

/** The check of {@link openSame} for a file that cannot be opened. @throws UNSAFE_PATH */
export async function requireSame(
  folder: TargetFolder,
  name: Uint8Array,
  identity: string,
): Promise<void> {
  const stat = await folder.stat(name);
  if (stat?.identity !== identity || stat.links !== 1) throw replaced();
}

/**
 * Opens an existing file to write into it, also when its permissions do not allow that yet.
 * @param meta what the file gets in the end
 */
export async function openForUpdate(
  folder: TargetFolder,
  name: Uint8Array,
  identity: string,
  meta: EntryMeta,
): Promise<TargetFile> {
  try {
    return await openSame(folder, name, "write", identity);
  } catch (error) {
    if (targetCode(error) !== "EACCES") throw error;
  }
  await requireSame(folder, name, identity);
  await folder.applyEntryMeta(name, "file", { ...meta, mode: 0o600 });
  return openSame(folder, name, "write", identity);
}
