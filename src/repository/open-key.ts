/** Finding the key file that a password opens (docs/format.md, section 2). */
import type { Backend } from "#backends/backend.ts";
import { CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { MasterKey, ScryptParameters } from "#crypto/crypto.ts";
import { decodeKeyFile, decodeMasterKey, type KeyFile } from "#format/key-file.ts";
import type { Primitives } from "#repository/primitives.ts";
import { describeKey, keyNames, misnamed, readKeyFile, unwrap } from "#repository/stored-keys.ts";

/** How many key files are tried with one password (restic's value). */
export const MAX_KEYS_TRIED = 20;

/** What a password gives. */
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

/**
 * Finds the key file that the password opens: the hinted one first, then at most 20, intact
 * ones first and of those the cheapest, so that one costly key does not delay the others. A damaged
 * or too costly key file is passed over while another opens; if none does, its error is the answer,
 * since the password may be right.
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
    // A file under a wrong name may be another repository's, whose master key opens nothing here.
    files.sort((a, b) => Number(b.intact) - Number(a.intact) || workOf(a.file) - workOf(b.file));
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

/** Grows with the time that scrypt takes. */
function workOf({ N, r, p }: ScryptParameters): number {
  return N * r * p;
}
