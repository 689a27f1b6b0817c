/**
 * How a finished temporary file gets its name: never over an existing one, and durable at the end
 * (docs/format.md, section 1, "Local writes"). Also the names and modes that go with it.
 */
import { dirname, join } from "node:path";
import { toHex } from "#base/bytes.ts";
import type { Random } from "#base/random.ts";
import type { LocalFiles } from "#backends/node/local-files.ts";
import { systemCode } from "#backends/node/system-error.ts";

/** Permission bits for folders, files being written, and finished files. */
export interface LocalModes {
  readonly folder: number;
  readonly file: number;
  readonly finished: number;
}

const PRIVATE: LocalModes = { folder: 0o700, file: 0o600, finished: 0o400 };
const GROUP: LocalModes = { folder: 0o770, file: 0o660, finished: 0o440 };

/**
 * The modes in use in a repository: shared with the group when its config is group-readable.
 * @throws the system's error when the config cannot be looked at
 */
export async function detectModes(files: LocalFiles, root: string): Promise<LocalModes> {
  const config = await files.stat(join(root, "config"));
  return config !== undefined && (config.mode & 0o040) !== 0 ? GROUP : PRIVATE;
}

/** Temporary name beside `stem`: `<stem>-tmp-<16 hex digits>`. */
export function temporaryName(stem: string, random: Random): string {
  return `${stem}-tmp-${toHex(random.fill(new Uint8Array(8)))}`;
}

/** True only for names that {@link temporaryName} makes; other programs' leftovers are not ours. */
export function isTemporaryName(name: string): boolean {
  return /^([0-9a-f]{64}|config|pack)-tmp-[0-9a-f]{16}$/.test(name);
}

/** File systems without hard links (FAT, exFAT, some shares) answer with one of these. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EINVAL",
]);

/**
 * Gives the synced file `temporary` the name `final` and makes the name durable. Either both happen
 * or an error is thrown; the temporary name may then still exist and is the caller's to remove.
 * Resolves to false when the folder could not be synced because the file system does not offer it.
 * @throws the system's error; EEXIST when the name is taken
 */
export async function publish(
  files: LocalFiles,
  temporary: string,
  final: string,
): Promise<boolean> {
  try {
    await files.link(temporary, final);
  } catch (error) {
    if (!NO_LINKS.has(systemCode(error) ?? "")) throw error;
    // Names are hashes of the content, so the moment between look and rename can only lose a twin.
    if ((await files.stat(final)) !== undefined) {
      throw Object.assign(new Error("file already exists"), { code: "EEXIST" });
    }
    await files.rename(temporary, final);
    return files.syncFolder(dirname(final));
  }
  await files.unlink(temporary);
  return files.syncFolder(dirname(final));
}
