/**
 * The config has no hash in its name: replicas vote. It is small, never changes but by a migration,
 * and is authenticated, so that a wrong choice would be noticed at the next opening.
 */
import type { Backend } from "#backends/backend.ts";
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError, isCorruption } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { Ailment, HealEvent, HealOptions, HealResult } from "#operations/heal/heal.ts";
import { replaceFile } from "#operations/heal/replace-file.ts";
import { CONFIG, readConfig } from "#operations/replicate/stored-file.ts";

/**
 * Restores missing and outvoted configs.
 * @param keys the key files that any replica lists: shared ones prove that replicas belong together
 * @throws REPOSITORY_EXISTS when they do not, NO_REPOSITORY when no replica has a config
 */
export async function healConfigs(
  replicas: readonly Backend[],
  keys: readonly { readonly sizes: readonly (number | undefined)[] }[],
  options: HealOptions,
  context: OperationContext<HealEvent>,
): Promise<Partial<HealResult>> {
  const configs = await Promise.all(replicas.map((replica) => configOf(replica, context.signal)));
  const votes = countVotes(configs);
  if (votes.length === 0) {
    throw new CofferError("NO_REPOSITORY", "None of the given places holds a repository's config");
  }
  refuseStrangers(replicas, keys, configs);
  const [winner, second] = votes;
  if (second && second.voters.length === winner!.voters.length) {
    context.progress?.({ kind: "lost", file: CONFIG });
    return { found: second.voters.length, lost: 1 };
  }
  const result = { found: 0, healed: 0, failed: 0 };
  const from = winner!.voters[0]!;
  for (const [replica, config] of configs.entries()) {
    if (config && equalBytes(config, winner!.bytes)) continue;
    const ailment: Ailment = config ? "damaged" : "missing";
    const about = { replica, file: CONFIG, ailment, from } as const;
    result.found++;
    context.progress?.({ kind: "found", ...about });
    if (options.dryRun) continue;
    try {
      const { signal } = context;
      await replaceFile(replicas[replica]!, CONFIG, winner!.bytes, config !== undefined, signal);
      result.healed++;
      context.progress?.({ kind: "healed", ...about });
    } catch (error) {
      if (!isCofferError(error) || isCofferError(error, "ABORTED", "INTERNAL")) throw error;
      result.failed++;
      context.progress?.({ kind: "failed", replica, file: CONFIG, error });
    }
  }
  return result;
}

async function configOf(
  backend: Backend,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await readConfig(backend, { signal });
  } catch (error) {
    // Cut while it was read: as good as none, but there is something to take away.
    if (isCorruption(error)) return new Uint8Array(0);
    throw error;
  }
}

interface Vote {
  readonly bytes: Uint8Array;
  readonly voters: number[];
}

/** Most votes first. */
function countVotes(configs: readonly (Uint8Array | undefined)[]): Vote[] {
  const votes: Vote[] = [];
  for (const [replica, bytes] of configs.entries()) {
    if (!bytes || bytes.length === 0) continue;
    const vote = votes.find((each) => equalBytes(each.bytes, bytes));
    if (vote) vote.voters.push(replica);
    else votes.push({ bytes, voters: [replica] });
  }
  return votes.toSorted((a, b) => b.voters.length - a.voters.length);
}

/** A place with another config and none of the others' keys is another repository. */
function refuseStrangers(
  replicas: readonly Backend[],
  keys: readonly { readonly sizes: readonly (number | undefined)[] }[],
  configs: readonly (Uint8Array | undefined)[],
): void {
  for (const [replica, config] of configs.entries()) {
    if (!config || config.length === 0) continue;
    const others = configs.filter((other, at) => at !== replica && other && other.length > 0);
    if (others.length === 0 || others.some((other) => equalBytes(other!, config))) continue;
    const own = keys.filter(({ sizes }) => sizes[replica] !== undefined);
    const shared = own.some(({ sizes }) => sizes.some((size, at) => at !== replica && size));
    if (own.length === 0 || shared) continue;
    throw new CofferError(
      "REPOSITORY_EXISTS",
      `${replicas[replica]!.location} holds another repository: no key file is shared`,
    );
  }
}
