/**
 * Adding, listing, changing and removing passwords (docs/format.md, section 2). Changing a password
 * never changes the master key.
 */
import type { Backend } from "#backends/backend.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import { CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { MasterKey, ScryptParameters } from "#crypto/crypto.ts";
import { decodeKeyFile, encodeKeyFile, encodeMasterKey, type KeyFile } from "#format/key-file.ts";
import type { OpenedKey } from "#repository/open-key.ts";
import type { Primitives } from "#repository/primitives.ts";
import {
  describeKey,
  keyNames,
  misnamed,
  readKeyFile,
  splitKey,
  unwrap,
} from "#repository/stored-keys.ts";

export { MAX_KEYS_TRIED, type OpenedKey, openMasterKey } from "#repository/open-key.ts";
export { misnamed, readKeyFile } from "#repository/stored-keys.ts";

/**
 * What new keys cost: 96 MiB·passes of work, OWASP's equivalent of its first choice for the memory
 * that restic's keys take (docs/adr/0004-key-derivation.md).
 */
export const NEW_KEY_COST: ScryptParameters = { N: 32768, r: 8, p: 3 };

/** Who made a key; stored as plain text. */
export interface KeyOwner {
  readonly username: string;
  readonly hostname: string;
}

/** One key file as `key list` shows it. */
export interface KeyInfo {
  readonly id: string;
  /** Absent when the file is damaged. */
  readonly file?: KeyFile;
  readonly error?: CofferError;
}

/** 64 fresh random bytes in three parts, none of them all zero. */
export function generateMasterKey(primitives: Primitives): MasterKey {
  const part = (length: number): Uint8Array => {
    const bytes = primitives.random.fill(new Uint8Array(length));
    return bytes.some((byte) => byte !== 0) ? bytes : part(length);
  };
  return { encrypt: part(32), macK: part(16), macR: part(16) };
}

/**
 * Wraps the master key with a password in a new key file. The wrapping is opened again before it is
 * stored, so that no key file is written that would not open.
 * @param password UTF-8 bytes, not kept
 * @returns the new key's id
 */
export async function createKey(
  backend: Backend,
  primitives: Primitives,
  masterKey: MasterKey,
  password: Uint8Array,
  owner: KeyOwner,
  options: { cost?: ScryptParameters; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const { clock, crypto, random } = primitives;
  const cost = options.cost ?? NEW_KEY_COST;
  const salt = random.fill(new Uint8Array(64));
  const wrapping = crypto.createAead(splitKey(await crypto.scrypt(password, salt, cost)));
  const json = encodeMasterKey(masterKey);
  const data = wrapping.seal(json);
  if (!equalBytes(wrapping.open(data), json)) {
    throw new CofferError("BAD_MAC", "The new key does not open again; nothing was stored");
  }
  const now = clock.now();
  const created = { ...now, offsetMinutes: clock.offsetMinutesAt(now.seconds) };
  const bytes = encodeKeyFile({ created, ...owner, ...cost, salt, data });
  const id = toHex(crypto.sha256(bytes));
  await backend.write({ type: "key", name: id }, [bytes], { signal: options.signal });
  return id;
}

/** Every key file, sorted by id; damaged ones carry their error. One read a key. */
export async function listKeys(
  backend: Backend,
  primitives: Primitives,
  signal?: AbortSignal,
): Promise<KeyInfo[]> {
  const keys: KeyInfo[] = [];
  for (const id of await keyNames(backend, signal)) {
    throwIfAborted(signal);
    try {
      const { bytes, intact } = await readKeyFile(backend, primitives, id, signal);
      const file = decodeKeyFile(bytes, describeKey(id));
      keys.push(intact ? { id, file } : { id, file, error: misnamed(id) });
    } catch (error) {
      if (isCofferError(error, "NOT_FOUND")) continue;
      if (!isCorruption(error)) throw error;
      keys.push({ id, error });
    }
  }
  return keys;
}

/**
 * Removes a key file. The caller holds an exclusive lock.
 * @param current id of the key in use, which is never removed
 * @throws BAD_OPTION for the key in use, NOT_FOUND
 */
export async function removeKey(
  backend: Backend,
  id: string,
  current: string,
  signal?: AbortSignal,
): Promise<void> {
  if (id === current) {
    throw new CofferError("BAD_OPTION", `Key ${id.slice(0, 8)} is in use and was not removed`);
  }
  await backend.remove({ type: "key", name: id }, { signal });
}

/**
 * Gives the key in use a new password: a new key file, read back and opened with the new password,
 * then the old one goes. The caller holds an exclusive lock.
 * @returns the new key's id
 * @throws storage errors; the old password then still works
 */
export async function changePassword(
  backend: Backend,
  primitives: Primitives,
  opened: OpenedKey,
  password: Uint8Array,
  owner: KeyOwner,
  options: { cost?: ScryptParameters; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const id = await addKey(backend, primitives, opened.masterKey, password, owner, options);
  await removeKey(backend, opened.keyId, id, options.signal);
  return id;
}

/**
 * Adds a password: stores a key file, reads it back and opens it. One that does not open is
 * removed.
 * @returns the new key's id
 */
export async function addKey(
  backend: Backend,
  primitives: Primitives,
  masterKey: MasterKey,
  password: Uint8Array,
  owner: KeyOwner,
  options: { cost?: ScryptParameters; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const id = await createKey(backend, primitives, masterKey, password, owner, options);
  const { bytes, intact } = await readKeyFile(backend, primitives, id, options.signal);
  const json = intact ? await unwrap(primitives, password, decodeKeyFile(bytes)) : undefined;
  if (!json || !equalBytes(json, encodeMasterKey(masterKey))) {
    await backend.remove({ type: "key", name: id });
    throw new CofferError("BAD_HASH", "The storage did not keep the new key; it was removed");
  }
  return id;
}
