/** Reading the locks that others hold: conflicts and staleness (docs/format.md, section 12). */
import { CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import { toMillis } from "#base/timestamp.ts";
import { decodeLock, type LockFile } from "#format/lock.ts";
import type { Repository } from "#repository/repository.ts";

/** A lock older than this is stale whoever holds it (restic's value). */
export const STALE_AFTER_MS = 30 * 60_000;

/** Pauses before reading the locks again after a failure (restic's values). */
const RETRY_PAUSES_MS = [5_000, 10_000, 20_000] as const;

/** What this process knows about itself and its machine; passed in by the entry point. */
export interface ProcessFacts {
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  /** 0 where the system has no such ids. */
  readonly uid: number;
  readonly gid: number;
  /** Whether a process of this machine is running. When in doubt true. */
  isProcessAlive(pid: number): boolean;
}

/** A lock file as found. */
export interface FoundLock {
  readonly id: string;
  /** Absent when the file cannot be read or decoded. */
  readonly lock?: LockFile;
  readonly error?: CofferError;
}

/**
 * Every lock in the storage but those of `ownIds` and empty files (broken uploads). A lock that its
 * owner refreshes away between listing and reading makes the listing start over, since its
 * successor may not be in the list. Costs one listing and one read a lock.
 * @throws what listing throws; STORAGE_FAILED when locks keep changing
 */
export async function scanLocks(
  repo: Repository,
  ownIds: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<FoundLock[]> {
  for (let round = 0; round < 5; round++) {
    const found: FoundLock[] = [];
    let vanished = false;
    for await (const { name, size } of repo.backend.list("lock", { signal })) {
      throwIfAborted(signal);
      if (ownIds.has(name) || size === 0) continue;
      try {
        const lock = decodeLock(await repo.loadUnpacked("lock", name, { signal }));
        found.push({ id: name, lock });
      } catch (error) {
        if (isCofferError(error, "NOT_FOUND")) vanished = true;
        else if (isCorruption(error)) found.push({ id: name, error });
        else throw error;
      }
    }
    if (!vanished) return found;
  }
  throw new CofferError("STORAGE_FAILED", "The list of locks changes faster than it can be read");
}

/**
 * The first lock that forbids taking one: any other for an exclusive lock, else an exclusive one.
 * Staleness does not count here. An unreadable lock is an error, since it may be exclusive.
 * @throws the unreadable lock's error, or LOCKED
 */
export async function refuseConflicts(
  repo: Repository,
  exclusive: boolean,
  ownIds: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const found = await scanLocks(repo, ownIds, signal);
      const holder = found.find(({ lock }) => lock && (exclusive || lock.exclusive));
      if (holder?.lock) throw lockedBy(holder.id, holder.lock);
      const broken = found.find(({ error }) => error);
      if (broken?.error) throw unreadable(broken.id, broken.error);
      return;
    } catch (error) {
      const final = isCofferError(error, "LOCKED", "ABORTED", "DENIED", "LOCK_LOST");
      const pause = RETRY_PAUSES_MS[attempt];
      if (final || !isCofferError(error) || pause === undefined) throw error;
      await repo.primitives.clock.sleep(pause, signal);
    }
  }
}

/** Whether a lock may be removed by `unlock`: too old, or its process on this machine is gone. */
export function isStale(lock: LockFile, facts: ProcessFacts, nowMs: number): boolean {
  if (nowMs - toMillis(lock.time) > STALE_AFTER_MS) return true;
  return lock.hostname === facts.hostname && !facts.isProcessAlive(lock.pid);
}

function lockedBy(id: string, lock: LockFile): CofferError {
  const kind = lock.exclusive ? "exclusively " : "";
  return new CofferError(
    "LOCKED",
    `The repository is locked ${kind}by process ${lock.pid} of ${lock.username} on ${lock.hostname}`,
    {
      data: {
        lock: id,
        exclusive: lock.exclusive,
        hostname: lock.hostname,
        username: lock.username,
        pid: lock.pid,
        seconds: lock.time.seconds,
      },
    },
  );
}

function unreadable(id: string, cause: CofferError): CofferError {
  return new CofferError(
    cause.code,
    `Lock ${id.slice(0, 8)} cannot be read, so it may be exclusive; ` +
      "`unlock --remove-all` clears it when nothing else is running",
    { data: { lock: id }, cause },
  );
}
