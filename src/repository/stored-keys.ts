/** Key files as they lie in the storage, and taking the wrapping of their content off. */
import type { Backend } from "#backends/backend.ts";
import { equalBytes, fromHex } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import type { MasterKey } from "#crypto/crypto.ts";
import type { KeyFile } from "#format/key-file.ts";
import { shortId } from "#format/id.ts";
import type { Primitives } from "#repository/primitives.ts";

/** A key file is some 500 bytes; names may be long. */
const MAX_KEY_FILE = 64 * 1024;

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

/** Ids of all key files in ascending order, so that every run tries them alike. */
export async function keyNames(
  backend: Backend,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of backend.list("key", { signal })) names.push(name);
  return names.toSorted();
}

/** How a key is named in messages. */
export function describeKey(id: string): string {
  return `Key ${shortId(id)}`;
}

/**
 * The decrypted master-key JSON, or undefined when the password is not this key's.
 * @param password UTF-8 bytes, not kept
 */
export async function unwrap(
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

/** Parts of the key that a password derives. Views of `derived`. */
export function splitKey(derived: Uint8Array): MasterKey {
  return {
    encrypt: derived.subarray(0, 32),
    macK: derived.subarray(32, 48),
    macR: derived.subarray(48, 64),
  };
}
