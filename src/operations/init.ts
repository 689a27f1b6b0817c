/**
 * Making a repository: the key first, then the config, so that a config never stands without a key
 * that opens it (docs/format.md, section 4).
 */
import type { Backend, FileType } from "#backends/backend.ts";
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import type { MasterKey, ScryptParameters } from "#crypto/crypto.ts";
import { type Config, encodeConfig } from "#format/config.ts";
import { addKey, generateMasterKey, type KeyOwner } from "#repository/keys.ts";
import { newConfig } from "#repository/new-config.ts";
import type { Primitives } from "#repository/primitives.ts";

export interface InitOptions {
  readonly password: Uint8Array;
  readonly owner: KeyOwner;
  /** Default 2. */
  readonly version?: 1 | 2;
  /** Another repository's, so that blobs of equal files are equal in both. Default a random one. */
  readonly chunkerPolynomial?: bigint | undefined;
  /** For tests: cheaper key derivation. */
  readonly cost?: ScryptParameters;
  readonly signal?: AbortSignal | undefined;
}

export interface InitResult {
  readonly config: Config;
  readonly keyId: string;
  readonly masterKey: MasterKey;
}

/**
 * Creates an empty repository. Refuses storage that holds a config, any key or any snapshot.
 * @throws REPOSITORY_EXISTS, storage errors; what was written is then removed again as far as
 *   possible
 */
export async function initRepository(
  backend: Backend,
  primitives: Primitives,
  options: InitOptions,
): Promise<InitResult> {
  const { signal, password, owner } = options;
  await refuseExisting(backend, signal);
  await backend.create({ signal });
  const masterKey = generateMasterKey(primitives);
  const config = newConfig(primitives.random, options.version ?? 2, options.chunkerPolynomial);
  const cost = options.cost ? { cost: options.cost } : {};
  const keyId = await addKey(backend, primitives, masterKey, password, owner, { ...cost, signal });
  try {
    await writeConfig(backend, primitives, masterKey, config, signal);
  } catch (error) {
    await withdrawKey(backend, keyId);
    if (!isCofferError(error, "ALREADY_EXISTS")) throw error;
    // Another init was faster.
    throw exists(backend, "a config", error);
  }
  return { config, keyId, masterKey };
}

async function refuseExisting(backend: Backend, signal: AbortSignal | undefined): Promise<void> {
  if (await backend.stat({ type: "config", name: "config" }, { signal })) {
    throw exists(backend, "a config");
  }
  for (const type of ["key", "snapshot"] as const satisfies FileType[]) {
    for await (const { name } of listed(backend, type, signal)) {
      throw exists(backend, `${type} ${name.slice(0, 8)}`);
    }
  }
}

/** A place that does not exist yet has no files. */
async function* listed(backend: Backend, type: FileType, signal: AbortSignal | undefined) {
  try {
    yield* backend.list(type, { signal });
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND", "NO_REPOSITORY")) throw error;
  }
}

async function writeConfig(
  backend: Backend,
  primitives: Primitives,
  masterKey: MasterKey,
  config: Config,
  signal: AbortSignal | undefined,
): Promise<void> {
  const aead = primitives.crypto.createAead(masterKey);
  const json = encodeConfig(config);
  const sealed = aead.seal(json);
  if (!equalBytes(aead.open(sealed), json)) {
    throw new CofferError("BAD_MAC", "The sealed config does not open again");
  }
  await backend.write({ type: "config", name: "config" }, [sealed], { signal });
}

/** A key without a config would make the next init refuse the place. */
async function withdrawKey(backend: Backend, keyId: string): Promise<void> {
  try {
    await backend.remove({ type: "key", name: keyId });
  } catch (error) {
    // The first error is the one to report; a leftover key is named by the next init.
    if (!isCofferError(error)) throw error;
  }
}

function exists(backend: Backend, what: string, cause?: unknown): CofferError {
  return new CofferError("REPOSITORY_EXISTS", `${backend.location} already holds ${what}`, {
    cause,
  });
}
