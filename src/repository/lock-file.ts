/** The lock of this process as a file, and what holding it offers (docs/format.md, section 12). */
import { type CofferError, isCofferError } from "#base/errors.ts";
import { toMillis } from "#base/timestamp.ts";
import { encodeLock } from "#format/lock.ts";
import type { ProcessFacts } from "#repository/lock-scan.ts";
import type { Repository } from "#repository/repository.ts";
import type { TrafficGate } from "#repository/traffic-gate.ts";

/** How long after writing its lock a process looks again for others (restic's value). */
export const RECHECK_AFTER_MS = 200;

/** How a lock is taken; see `acquireLock`. */
export interface LockOptions {
  readonly exclusive: boolean;
  /** How long to ask again while another holds a conflicting lock. Default 0: fail at once. */
  readonly retryForMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Frozen while the lock is in doubt, closed when it is lost. */
  readonly gate?: TrafficGate | undefined;
  /**
   * Called when the lock is written and none conflicted, before the second look that decides.
   * Reading may begin; if taking the lock then fails, what was read is void.
   */
  readonly onWritten?: () => void;
  /** Called once before the first wait for another's lock, with its LOCKED error. */
  readonly onWait?: (error: CofferError) => void;
  /** Problems that do not end the lock: a refresh that failed, a lock file that stays behind. */
  readonly onWarning?: (error: CofferError) => void;
}

/** A lock that is being kept alive. `await using` gives it back. */
export interface RepositoryLock extends AsyncDisposable {
  readonly exclusive: boolean;
  /** Name of the present lock file; changes with each refresh. */
  readonly id: string;
  /** Fires with a LOCK_LOST error as reason when the lock is gone: all work must stop. */
  readonly signal: AbortSignal;
  /**
   * Stops refreshing and removes the lock file. Never throws: what stays is told to `onWarning`.
   */
  release(): Promise<void>;
}

/** A lock file and the two times at which it was made. */
export interface WrittenLock {
  readonly id: string;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * Stores a lock file with the present time. Not cut short by the user's signal: a half-stored lock
 * could not be removed.
 */
export async function writeLockFile(
  repo: Repository,
  facts: ProcessFacts,
  exclusive: boolean,
  signal?: AbortSignal,
): Promise<WrittenLock> {
  const { clock } = repo.primitives;
  const time = clock.now();
  const monotonicMs = clock.monotonicMs();
  const json = encodeLock({
    time: { ...time, offsetMinutes: clock.offsetMinutesAt(time.seconds) },
    exclusive,
    hostname: facts.hostname,
    username: facts.username,
    pid: facts.pid,
    uid: facts.uid,
    gid: facts.gid,
  });
  const id = await repo.saveUnpacked("lock", json, { signal });
  return { id, wallMs: toMillis(time), monotonicMs };
}

/** Removes a lock file; one that is gone already is fine. Returns false when it stays behind. */
export async function removeLockFile(
  repo: Repository,
  id: string,
  onWarning: LockOptions["onWarning"],
): Promise<boolean> {
  try {
    await repo.backend.remove({ type: "lock", name: id });
    return true;
  } catch (error) {
    if (isCofferError(error, "NOT_FOUND")) return true;
    if (!isCofferError(error)) throw error;
    onWarning?.(error);
    return false;
  }
}
