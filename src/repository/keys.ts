/**
 * Key files: opening the master key with a password, and adding, listing, changing and removing
 * passwords (docs/format.md, section 2). Changing a password never changes the master key.
 */
import type { Backend } from "#backends/backend.ts";
import { equalBytes, fromHex, toHex } from "#base/bytes.ts";
import { CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { MasterKey, ScryptParameters } from "#crypto/crypto.ts";
import {
  decodeKeyFile,
  decodeMasterKey,
  encodeKeyFile,
  encodeMasterKey,
  type KeyFile,
} from "#format/key-file.ts";
import type { Primitives } from "#repository/primitives.ts";

/** How many key files are tried with one password (restic's value). */
export const MAX_KEYS_TRIED = 20;

/** A key file is some 500 bytes; names may be long. */
const MAX_KEY_FILE = 64 * 1024;

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

export interface OpenedKey {
  readonly masterKey: MasterKey;
  /** 64 hex digits. */
  readonly keyId: string;
}

export interface OpenKeyOptions {
  /** Id or prefix of the key to try first. */
  readonly keyHint?: string | undefined;
  readonly signal?: AbortSignal | undefined;
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
 * Finds the key file that the password opens: the hinted one first, then at most 20, cheapest first,
 * so that one costly key does not delay the others. A damaged or too costly key file is passed over
 * while another opens; if none does, its error is the answer, since the password may be right.
 * @param password UTF-8 bytes, not kept
 * @throws WRONG_PASSWORD, NOT_FOUND when there is no key at all, storage errors at once,
 *   BAD_FORMAT, BAD_HASH, TOO_LARGE
 */
export async function openMasterKey(
  backend: Backend,
  primitives: Primitives,
  password: Uint8Array,
  options: OpenKeyOptions = {},
): Promise<OpenedKey> {
  const names = await keyNames(backend, options.signal);
  if (names.length === 0) {
    throw new CofferError("NOT_FOUND", `There is no key file in ${backend.location}`);
  }
  const hinted = options.keyHint ? names.filter((id) => id.startsWith(options.keyHint!)) : [];
  // As restic: a hint that fits no key, or several, is no hint.
  const first = hinted.length === 1 ? hinted[0] : undefined;
  const attempt = new KeyAttempt(backend, primitives, password, options);
  if (first !== undefined) {
    const opened = await attempt.tryKeys([first]);
    if (opened) return opened;
  }
  const rest = names.filter((id) => id !== first);
  const opened = await attempt.tryKeys(rest.slice(0, MAX_KEYS_TRIED));
  if (opened) return opened;
  if (attempt.damage) throw attempt.damage;
  const left = rest.length - MAX_KEYS_TRIED;
  throw new CofferError(
    "WRONG_PASSWORD",
    left > 0
      ? `The password opens none of the ${MAX_KEYS_TRIED} keys tried; ${left} more were not tried`
      : "The password is wrong",
    { data: { keys: names.length } },
  );
}

/** One password tried on several key files; remembers the first damage met. */
class KeyAttempt {
  damage: CofferError | undefined;
  readonly #backend: Backend;
  readonly #primitives: Primitives;
  readonly #password: Uint8Array;
  readonly #options: OpenKeyOptions;

  constructor(
    backend: Backend,
    primitives: Primitives,
    password: Uint8Array,
    options: OpenKeyOptions,
  ) {
    this.#backend = backend;
    this.#primitives = primitives;
    this.#password = password;
    this.#options = options;
  }

  async tryKeys(ids: readonly string[]): Promise<OpenedKey | undefined> {
    const files: { id: string; file: KeyFile; intact: boolean }[] = [];
    for (const id of ids) {
      await this.#rememberDamage(async () => {
        files.push({ id, ...(await this.#load(id)) });
      });
    }
    files.sort((a, b) => workOf(a.file) - workOf(b.file));
    for (const { id, file, intact } of files) {
      throwIfAborted(this.#options.signal);
      const masterKey = await this.#rememberDamage(() => this.#open(file));
      if (masterKey) return { masterKey, keyId: id };
      // A flipped bit in the salt looks like a wrong password; the name tells them apart.
      if (!intact) this.damage ??= misnamed(id);
    }
    return undefined;
  }

  async #rememberDamage<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      // Removed by another client since the listing: as if never listed.
      if (isCofferError(error, "NOT_FOUND")) return undefined;
      if (!isCorruption(error)) throw error;
      this.damage ??= error;
      return undefined;
    }
  }

  async #load(id: string): Promise<{ file: KeyFile; intact: boolean }> {
    const { bytes, intact } = await readKeyFile(
      this.#backend,
      this.#primitives,
      id,
      this.#options.signal,
    );
    const file = decodeKeyFile(bytes, describeKey(id));
    // RFC 7914, section 2; OpenSSL refuses it with an error of its own.
    if (Math.log2(file.N) >= 16 * file.r) {
      throw new CofferError("BAD_FORMAT", `${describeKey(id)} has impossible scrypt parameters`);
    }
    return { file, intact };
  }

  async #open(file: KeyFile): Promise<MasterKey | undefined> {
    const json = await unwrap(this.#primitives, this.#password, file);
    return json && decodeMasterKey(json);
  }
}

/** The decrypted master-key JSON, or undefined when the password is not this key's. */
async function unwrap(
  primitives: Primitives,
  password: Uint8Array,
  file: KeyFile,
): Promise<Uint8Array | undefined> {
  const { crypto } = primitives;
  const wrapping = splitKey(await crypto.scrypt(password, file.salt, file));
  try {
    return crypto.createAead(wrapping).open(file.data);
  } catch (error) {
    if (isCofferError(error, "BAD_MAC")) return undefined;
    throw error;
  }
}

/** Grows with the time that scrypt takes. */
function workOf({ N, r, p }: ScryptParameters): number {
  return N * r * p;
}

function describeKey(id: string): string {
  return `Key ${id.slice(0, 8)}`;
}

function splitKey(derived: Uint8Array): MasterKey {
  return {
    encrypt: derived.subarray(0, 32),
    macK: derived.subarray(32, 48),
    macR: derived.subarray(48, 64),
  };
}

/**
 * Bytes of a key file and whether its name is their hash; a wrong hash is read once more.
 * @throws NOT_FOUND, TOO_LARGE, storage errors
 */
export async function readKeyFile(
  backend: Backend,
  primitives: Primitives,
  id: string,
  signal?: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly intact: boolean }> {
  const file = { type: "key", name: id } as const;
  const size = (await backend.stat(file, { signal }))?.size ?? 0;
  if (size > MAX_KEY_FILE) {
    throw new CofferError("TOO_LARGE", `Key ${id.slice(0, 8)} is ${size} bytes long`);
  }
  const expected = fromHex(id)!;
  let bytes = await backend.read(file, { signal });
  let intact = equalBytes(primitives.crypto.sha256(bytes), expected);
  if (!intact) {
    bytes = await backend.read(file, { signal });
    intact = equalBytes(primitives.crypto.sha256(bytes), expected);
  }
  return { bytes, intact };
}

/** The error for a key file that is not what its name says. */
export function misnamed(id: string): CofferError {
  return new CofferError("BAD_HASH", `Key ${id.slice(0, 8)} is damaged: hash differs`, {
    data: { key: id },
  });
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
 * Adds a password: stores a key file, reads it back and opens it. One that does not open is removed.
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

/** Ids of all key files in ascending order, so that every run tries them alike. */
async function keyNames(backend: Backend, signal: AbortSignal | undefined): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of backend.list("key", { signal })) names.push(name);
  return names.toSorted();
}
