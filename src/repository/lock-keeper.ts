/**
 * Keeps a taken lock alive: refresh every five minutes, and when none succeeded for too long (a
 * suspended laptop, a dead network) a freeze of all traffic until the lock is proven or given up
 * (docs/format.md, section 12).
 */
import { CofferError, isCofferError, messageOf } from "#base/errors.ts";
import { toMillis } from "#base/timestamp.ts";
import { type ProcessFacts, refuseConflicts, STALE_AFTER_MS } from "#repository/lock-scan.ts";
import {
  type LockOptions,
  RECHECK_AFTER_MS,
  removeLockFile,
  type RepositoryLock,
  writeLockFile,
  type WrittenLock,
} from "#repository/lock-file.ts";
import type { Repository } from "#repository/repository.ts";

/** restic's values. */
export const REFRESH_EVERY_MS = 5 * 60_000;
export const DOUBT_AFTER_MS = STALE_AFTER_MS - 1.5 * REFRESH_EVERY_MS;

/** How often the age of the lock is looked at; bounds how long a wake from suspend goes unseen. */
const LOOK_EVERY_MS = 1_000;

/** Pauses between attempts to prove the lock (the pauses that restic makes when reading locks). */
const PROVE_PAUSES_MS = [5_000, 10_000, 20_000] as const;

/** Starts to keep a lock file alive; see {@link RepositoryLock}. */
export function keepLock(
  repo: Repository,
  facts: ProcessFacts,
  options: LockOptions,
  written: WrittenLock,
): RepositoryLock {
  return new LockKeeper(repo, facts, options, written);
}

class LockKeeper implements RepositoryLock {
  readonly exclusive: boolean;
  readonly signal: AbortSignal;
  readonly #repo: Repository;
  readonly #facts: ProcessFacts;
  readonly #options: LockOptions;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  /** Lock files of ours that could not be removed yet. */
  readonly #leftovers = new Set<string>();
  #current: WrittenLock;
  #refreshing: { readonly done: Promise<void>; readonly cancel: AbortController } | undefined;
  #releasing: Promise<void> | undefined;

  constructor(repo: Repository, facts: ProcessFacts, options: LockOptions, written: WrittenLock) {
    this.#repo = repo;
    this.#facts = facts;
    this.#options = options;
    this.#current = written;
    this.exclusive = options.exclusive;
    this.signal = this.#lost.signal;
    this.#watching = this.#watch();
  }

  get id(): string {
    return this.#current.id;
  }

  release(): Promise<void> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #release(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await this.#settleRefresh();
    for (const id of [this.#current.id, ...this.#leftovers]) {
      await removeLockFile(this.#repo, id, this.#options.onWarning);
    }
  }

  /** Time since the last proof. The wall clock counts sleep, the other one survives its changes. */
  #ageMs(): number {
    const { clock } = this.#repo.primitives;
    const wall = toMillis(clock.now()) - this.#current.wallMs;
    return Math.max(wall, clock.monotonicMs() - this.#current.monotonicMs);
  }

  async #watch(): Promise<void> {
    const { clock } = this.#repo.primitives;
    let nextRefreshAge = REFRESH_EVERY_MS;
    while (!this.#stop.signal.aborted && !this.#lost.signal.aborted) {
      try {
        await clock.sleep(LOOK_EVERY_MS, this.#stop.signal);
      } catch (error) {
        if (isCofferError(error, "ABORTED")) return;
        throw error;
      }
      const age = this.#ageMs();
      if (age >= DOUBT_AFTER_MS) {
        await this.#proveOrGiveUp();
        nextRefreshAge = REFRESH_EVERY_MS;
      } else if (age < REFRESH_EVERY_MS) {
        nextRefreshAge = REFRESH_EVERY_MS;
      } else if (age >= nextRefreshAge && !this.#refreshing) {
        nextRefreshAge = age + REFRESH_EVERY_MS;
        this.#startRefresh();
      }
    }
  }

  /** In the background, so that a storage that hangs does not stop the watch. */
  #startRefresh(): void {
    const cancel = new AbortController();
    const done = this.#refresh(cancel.signal)
      .catch((error: unknown) => {
        if (isCofferError(error, "LOCKED", "LOCK_LOST")) this.#giveUp(error);
        else this.#warn(error);
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    this.#refreshing = { done, cancel };
  }

  /** A new lock file with a new time, then the old one goes. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const next = await writeLockFile(this.#repo, this.#facts, this.exclusive, signal);
    if (signal.aborted) {
      this.#leftovers.add(next.id);
      return;
    }
    const old = this.#current;
    this.#current = next;
    try {
      await this.#repo.backend.remove({ type: "lock", name: old.id }, { signal });
    } catch (error) {
      if (!isCofferError(error, "NOT_FOUND")) {
        this.#leftovers.add(old.id);
        throw error;
      }
      // Someone removed our lock and may have taken theirs before the new one was written.
      await refuseConflicts(this.#repo, this.exclusive, this.#ownIds(), signal);
    }
  }

  async #settleRefresh(): Promise<void> {
    const refreshing = this.#refreshing;
    if (!refreshing) return;
    refreshing.cancel.abort();
    await refreshing.done;
  }

  async #proveOrGiveUp(): Promise<void> {
    const { gate } = this.#options;
    gate?.freeze();
    try {
      await this.#settleRefresh();
      // A refresh that ended well while we waited for it is proof enough.
      if (this.#ageMs() >= DOUBT_AFTER_MS) await this.#proveWithPatience();
      gate?.thaw();
    } catch (error) {
      // Given back while in doubt: the gate stays frozen, since nothing of ours is running.
      if (!this.#stop.signal.aborted) this.#giveUp(error);
    }
  }

  /**
   * A network that needs a moment after a wake is no loss yet: while frozen nothing can go wrong.
   */
  async #proveWithPatience(): Promise<void> {
    for (const pause of PROVE_PAUSES_MS) {
      try {
        return await this.#prove();
      } catch (error) {
        if (!isCofferError(error, "STORAGE_FAILED", "SHORT_READ")) throw error;
        await this.#repo.primitives.clock.sleep(pause, this.#stop.signal);
      }
    }
    await this.#prove();
  }

  /**
   * The old file still there before and after the new one was written means that nobody took the
   * lock for stale meanwhile, so no conflicting lock can have been granted.
   */
  async #prove(): Promise<void> {
    const old = this.#current;
    await this.#mustExist(old.id);
    const next = await writeLockFile(this.#repo, this.#facts, this.exclusive);
    this.#leftovers.add(next.id);
    await this.#repo.primitives.clock.sleep(RECHECK_AFTER_MS);
    await this.#mustExist(old.id);
    this.#current = next;
    this.#leftovers.delete(next.id);
    if (!(await removeLockFile(this.#repo, old.id, this.#options.onWarning))) {
      this.#leftovers.add(old.id);
    }
  }

  async #mustExist(id: string): Promise<void> {
    for await (const { name } of this.#repo.backend.list("lock")) if (name === id) return;
    throw new CofferError("LOCK_LOST", `Lock ${id.slice(0, 8)} was removed by another process`);
  }

  #giveUp(cause: unknown): void {
    this.#options.gate?.close();
    const error = isCofferError(cause, "LOCK_LOST")
      ? cause
      : new CofferError("LOCK_LOST", `The lock could not be kept: ${messageOf(cause)}`, { cause });
    this.#lost.abort(error);
  }

  #warn(error: unknown): void {
    if (isCofferError(error, "ABORTED")) return;
    if (!isCofferError(error)) return this.#giveUp(error);
    this.#options.onWarning?.(
      new CofferError(error.code, `The lock was not refreshed: ${error.message}`, { cause: error }),
    );
  }

  #ownIds(): Set<string> {
    return new Set([this.#current.id, ...this.#leftovers]);
  }
}
