/**
 * Taking, holding and giving back the lock of a repository, exactly by restic's rules, so that both
 * programs respect each other (docs/format.md, section 12).
 *
 * Invariant: while a {@link RepositoryLock} is held and its signal has not fired, a lock file of
 * this process lies in the storage, and no conflicting one was seen when it was written.
 */
import { isCofferError, throwIfAborted } from "#base/errors.ts";
import { toMillis } from "#base/timestamp.ts";
import {
  type LockOptions,
  RECHECK_AFTER_MS,
  removeLockFile,
  type RepositoryLock,
  writeLockFile,
} from "#repository/lock-file.ts";
import { keepLock } from "#repository/lock-keeper.ts";
import { isStale, type ProcessFacts, refuseConflicts, scanLocks } from "#repository/lock-scan.ts";
import type { Repository } from "#repository/repository.ts";

export type { LockOptions, RepositoryLock } from "#repository/lock-file.ts";
export type { ProcessFacts } from "#repository/lock-scan.ts";

/** Pause before asking again for a lock that another holds, doubling up to the second value. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Takes a lock. Takes at least 200 ms, two listings and one write.
 * @throws LOCKED with the holder's facts, ABORTED, an unreadable lock's error, storage errors
 */
export async function acquireLock(
  repo: Repository,
  facts: ProcessFacts,
  options: LockOptions,
): Promise<RepositoryLock> {
  const { clock } = repo.primitives;
  const deadline = clock.monotonicMs() + (options.retryForMs ?? 0);
  let pause = FIRST_RETRY_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await tryLock(repo, facts, options);
    } catch (error) {
      const left = deadline - clock.monotonicMs();
      if (!isCofferError(error, "LOCKED") || left <= 0) throw error;
      if (attempt === 0) options.onWait?.(error);
      await clock.sleep(Math.min(pause, left), options.signal);
      pause = Math.min(pause * 2, LONGEST_RETRY_MS);
    }
  }
}

/**
 * Check, write, wait, check again: of two processes that start at once, at least one steps back.
 */
async function tryLock(
  repo: Repository,
  facts: ProcessFacts,
  options: LockOptions,
): Promise<RepositoryLock> {
  const { signal } = options;
  throwIfAborted(signal);
  await refuseConflicts(repo, options.exclusive, new Set(), signal);
  const written = await writeLockFile(repo, facts, options.exclusive);
  try {
    options.onWritten?.();
    await repo.primitives.clock.sleep(RECHECK_AFTER_MS, signal);
    await refuseConflicts(repo, options.exclusive, new Set([written.id]), signal);
  } catch (error) {
    await removeLockFile(repo, written.id, options.onWarning);
    throw error;
  }
  return keepLock(repo, facts, options, written);
}

/** What `unlock` did. */
export interface UnlockResult {
  readonly removed: readonly string[];
  /** Locks left alone: held, or unreadable (only removing all clears those). */
  readonly kept: readonly { readonly id: string; readonly unreadable: boolean }[];
}

/**
 * Removes stale locks, or every lock with `all`. Takes no lock itself.
 * @throws storage errors; with some locks removed already
 */
export async function removeLocks(
  repo: Repository,
  facts: ProcessFacts,
  options: { readonly all: boolean; readonly signal?: AbortSignal | undefined },
): Promise<UnlockResult> {
  const removed: string[] = [];
  const kept: { id: string; unreadable: boolean }[] = [];
  const remove = async (id: string): Promise<void> => {
    try {
      await repo.backend.remove({ type: "lock", name: id }, { signal: options.signal });
      removed.push(id);
    } catch (error) {
      // Its owner gave it back meanwhile.
      if (!isCofferError(error, "NOT_FOUND")) throw error;
    }
  };
  if (options.all) {
    const ids: string[] = [];
    for await (const { name } of repo.backend.list("lock", { signal: options.signal })) {
      ids.push(name);
    }
    for (const id of ids) await remove(id);
    return { removed, kept };
  }
  const nowMs = toMillis(repo.primitives.clock.now());
  for (const { id, lock } of await scanLocks(repo, new Set(), options.signal)) {
    if (lock && isStale(lock, facts, nowMs)) await remove(id);
    else kept.push({ id, unreadable: lock === undefined });
  }
  return { removed, kept };
}
