/**
 * Raises a repository from version 1 to 2 (docs/format.md, section 16). Only the config changes:
 * old packs stay as they are until `prune --repack-uncompressed`.
 *
 * No storage offers to replace a file, so the config is removed and written anew. In between the
 * repository cannot be opened: the sealed old config is handed out before, and put back when the
 * new one cannot be stored.
 */
import { equalBytes } from "#base/bytes.ts";
import { CofferError, messageOf, throwIfAborted } from "#base/errors.ts";
import { type Config, decodeConfig, encodeConfig } from "#format/config.ts";
import type { Repository } from "#repository/repository.ts";

/** Names as restic's. */
export const MIGRATIONS = ["upgrade_repo_v2"] as const;
export type Migration = (typeof MIGRATIONS)[number];

/** Migrations that would change this repository. */
export function availableMigrations({ config }: Repository): readonly Migration[] {
  return config.version === 1 ? ["upgrade_repo_v2"] : [];
}

export interface MigrateOptions {
  /**
   * Keeps the sealed config's bytes in a safe place before it is touched; to undo, store them as
   * the repository's file `config`.
   */
  readonly saveCopy: (config: Uint8Array) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

const CONFIG = { type: "config", name: "config" } as const;

/**
 * Upgrades to version 2. The caller holds an exclusive lock and has found the repository sound. Not
 * cut short by the signal once it has begun.
 * @returns the new config; the opened repository still has the old one
 * @throws BAD_OPTION when there is nothing to do; storage errors, with the old config put back
 */
export async function upgradeToVersion2(
  repo: Repository,
  { saveCopy, signal }: MigrateOptions,
): Promise<Config> {
  if (availableMigrations(repo).length === 0) {
    throw new CofferError("BAD_OPTION", "The repository already has version 2");
  }
  const old = await repo.backend.read(CONFIG, { signal, fresh: true });
  const config: Config = { ...decodeConfig(repo.aead.open(old)), version: 2 };
  const sealed = repo.aead.seal(encodeConfig(config));
  if (!equalBytes(repo.aead.open(sealed), encodeConfig(config))) {
    throw new CofferError("BAD_MAC", "The sealed config does not open again; nothing was changed");
  }
  await saveCopy(old);
  throwIfAborted(signal);
  await repo.backend.remove(CONFIG);
  try {
    await repo.backend.write(CONFIG, [sealed]);
    const stored = await repo.backend.read(CONFIG, { fresh: true });
    if (!equalBytes(stored, sealed)) {
      throw new CofferError("BAD_HASH", "The storage did not keep the new config");
    }
  } catch (error) {
    await putBack(repo, old, error);
  }
  return config;
}

/** Stores the old config again, then throws. */
async function putBack(repo: Repository, old: Uint8Array, cause: unknown): Promise<never> {
  const reason = messageOf(cause);
  const code = cause instanceof CofferError ? cause.code : "STORAGE_FAILED";
  try {
    if (await repo.backend.stat(CONFIG)) await repo.backend.remove(CONFIG);
    await repo.backend.write(CONFIG, [old]);
  } catch (error) {
    const text = `The config could not be stored (${reason}), nor the old one put back `;
    const help = `(${messageOf(error)}): store the copy as the file "config" of the repository`;
    throw new CofferError(code, text + help, { cause });
  }
  throw new CofferError(code, `The upgrade failed and was undone: ${reason}`, { cause });
}
