/** Tells a missing file from a missing repository, so that an unmounted disk never looks empty. */
import { join } from "node:path";
import { CofferError } from "#base/errors.ts";
import { describeFile, type FileRef, type FileType } from "#backends/backend.ts";
import { folderOf, typeFolder } from "#backends/layout.ts";
import type { LocalFiles } from "#backends/node/local-files.ts";
import { fromSystemError } from "#backends/node/system-error.ts";

/**
 * A NO_REPOSITORY error when there is neither the type's folder nor a config, as after an unmount;
 * else undefined. For the type `config` always undefined: asking for it is how a repository is
 * found.
 * @throws DENIED, STORAGE_FAILED
 */
export async function lostRepository(
  files: LocalFiles,
  root: string,
  type: FileType,
): Promise<CofferError | undefined> {
  if (type === "config") return undefined;
  try {
    if ((await files.stat(join(root, typeFolder(type)))) !== undefined) return undefined;
    if ((await files.stat(join(root, "config"))) !== undefined) return undefined;
  } catch (error) {
    throw fromSystemError(error, "look at the repository", root);
  }
  return new CofferError("NO_REPOSITORY", `There is no repository at ${root}`);
}

/** The error for a file that is not there: NO_REPOSITORY or NOT_FOUND. */
export async function absenceOf(
  files: LocalFiles,
  root: string,
  file: FileRef,
): Promise<CofferError> {
  const lost = await lostRepository(files, root, file.type);
  if (lost !== undefined) return lost;
  const where = join(root, folderOf(file));
  return new CofferError("NOT_FOUND", `There is no ${describeFile(file)} in ${where}`);
}
