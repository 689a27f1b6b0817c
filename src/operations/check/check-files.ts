/** Config, keys and snapshots: small files, each named by its hash and decoded in full. */
import { isCofferError, isCorruption, messageOf } from "#base/errors.ts";
import { decodeConfig } from "#format/config.ts";
import { shortId } from "#format/id.ts";
import type { CheckOptions } from "#operations/check/check-types.ts";
import type { Findings } from "#operations/check/findings.ts";
import { listKeys } from "#repository/keys.ts";
import type { Repository } from "#repository/repository.ts";
import { loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/** The config as it is stored now must be the one that the repository was opened with. */
export async function checkConfig(
  repo: Repository,
  findings: Findings,
  options: Cancel,
): Promise<void> {
  const object = { kind: "config", id: "config" } as const;
  try {
    const file = { type: "config", name: "config" } as const;
    const config = decodeConfig(repo.aead.open(await repo.backend.read(file, options)));
    const { version, id, chunkerPolynomial } = repo.config;
    const same =
      config.version === version &&
      config.id === id &&
      config.chunkerPolynomial === chunkerPolynomial;
    if (!same) findings.error("BAD_HASH", object, "The config is not the one that was opened");
  } catch (error) {
    if (isCofferError(error, "NOT_FOUND")) {
      findings.error("NOT_FOUND", object, "The config is missing");
    } else if (isCorruption(error) || isCofferError(error, "UNSUPPORTED_VERSION")) {
      findings.error(error.code, object, `The config is damaged: ${error.message}`);
    } else throw error;
  }
}

/** Every key file decodes and is named by its hash. */
export async function checkKeys(
  repo: Repository,
  findings: Findings,
  options: Cancel,
): Promise<void> {
  const keys = await listKeys(repo.backend, repo.primitives, options.signal);
  for (const { id, error } of keys) {
    if (error) findings.error(error.code, { kind: "key", id }, error.message);
  }
  if (!keys.some(({ id }) => id === repo.keyId)) {
    const object = { kind: "key", id: repo.keyId } as const;
    findings.error("NOT_FOUND", object, `Key ${shortId(repo.keyId)}, now in use, is missing`);
  }
}

/**
 * Loads the snapshots, each one that fails being an error. Returns the sound ones, newest first.
 */
export async function checkSnapshots(
  repo: Repository,
  findings: Findings,
  { snapshots: ids, signal }: CheckOptions & Cancel,
): Promise<StoredSnapshot[]> {
  const { snapshots, broken } = await loadSnapshots(repo, { signal, ...(ids ? { ids } : {}) });
  for (const { id, error } of broken) {
    const text = `Snapshot ${shortId(id)} cannot be read: ${messageOf(error)}`;
    const finding = findings.error(error.code, { kind: "snapshot", id }, text);
    if (finding >= 0) findings.badSnapshots.set(id, finding);
  }
  return snapshots.reverse();
}
