/** The `unlock` command: clears locks that nobody holds any more. Takes no lock itself. */
import { type ProcessFacts, removeLocks, type UnlockResult } from "#repository/locks.ts";
import type { Repository } from "#repository/repository.ts";

export type { UnlockResult } from "#repository/locks.ts";

/**
 * Removes stale locks, or with `all` every lock, also unreadable ones: right only when the person
 * knows that nothing else is running.
 */
export function unlock(
  repo: Repository,
  facts: ProcessFacts,
  options: { readonly all?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<UnlockResult> {
  return removeLocks(repo, facts, { all: options.all ?? false, signal: options.signal });
}
