/** The `key` commands over an opened repository. Locks are the caller's: see each function. */
import type { KeyFile } from "#format/key-file.ts";
import { CofferError } from "#base/errors.ts";
import {
  addKey as storeKey,
  changePassword as exchangeKey,
  type KeyOwner,
  listKeys as loadKeys,
  removeKey as dropKey,
} from "#repository/keys.ts";
import type { Repository } from "#repository/repository.ts";

export interface KeyRow {
  readonly id: string;
  /** The key that opened the repository. */
  readonly current: boolean;
  /** Absent when the key file is damaged beyond reading. */
  readonly file?: Pick<KeyFile, "created" | "username" | "hostname" | "N" | "r" | "p">;
  /** Set when the file is damaged. */
  readonly error?: CofferError;
}

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/** All keys, ascending by id; damaged ones with their error. Under a shared lock. */
export async function listKeys(repo: Repository, options: Cancel = {}): Promise<KeyRow[]> {
  const keys = await loadKeys(repo.backend, repo.primitives, options.signal);
  return keys.map((key) => ({ ...key, current: key.id === repo.keyId }));
}

/** Adds a password and returns its key's id. Under a shared lock. */
export function addKey(
  repo: Repository,
  password: Uint8Array,
  owner: KeyOwner,
  options: Cancel = {},
): Promise<string> {
  return storeKey(repo.backend, repo.primitives, repo.masterKey, password, owner, options);
}

/**
 * Removes the key whose id starts so; returns the full id. Under an exclusive lock.
 * @throws BAD_OPTION when it is in use or none fits, AMBIGUOUS_ID
 */
export async function removeKey(
  repo: Repository,
  prefix: string,
  options: Cancel = {},
): Promise<string> {
  const ids: string[] = [];
  for await (const { name } of repo.backend.list("key", options)) {
    if (prefix !== "" && name.startsWith(prefix)) ids.push(name);
  }
  if (ids.length > 1) throw new CofferError("AMBIGUOUS_ID", `Several keys start ${prefix}`);
  const id = ids[0];
  if (id === undefined) {
    throw new CofferError("BAD_OPTION", `There is no key ${JSON.stringify(prefix)}`);
  }
  await dropKey(repo.backend, id, repo.keyId, options.signal);
  return id;
}

/**
 * Replaces the key in use by one with another password; returns its id. Under an exclusive lock.
 */
export function changePassword(
  repo: Repository,
  password: Uint8Array,
  owner: KeyOwner,
  options: Cancel = {},
): Promise<string> {
  return exchangeKey(repo.backend, repo.primitives, repo, password, owner, options);
}
