/**
 * A clock whose sleepers wait until the test moves time past them, in order of their due time. For
 * code that waits beside other code, such as the keeper of a lock; {@link createFakeClock} is for
 * code that waits alone.
 */
import type { Clock } from "#base/clock.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";
import { fromMillis, type Timestamp, toMillis } from "#base/timestamp.ts";

export interface ManualClock extends Clock {
  /**
   * Moves both times forward, waking each sleeper at its moment and letting what it starts settle.
   * Work that itself needs real time or I/O is not waited for.
   */
  advance(ms: number): Promise<void>;
  /** Moves wall time alone, as a suspended machine or a person would. Wakes nobody. */
  jump(ms: number): void;
  /** Sleepers waiting now. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** 2026-11-24T12:00:00Z: any fixed instant would do. */
const DEFAULT_START: Timestamp = { seconds: 1_795_521_600, nanos: 0 };

/** Turns of the microtask queue after each wake: more than any chain of awaits in memory needs. */
const SETTLE_TURNS = 200;

/** Makes a clock that stands at `start`, in a zone `offsetMinutes` ahead of UTC. */
export function createManualClock(start = DEFAULT_START, offsetMinutes = 0): ManualClock {
  const sleepers = new Set<Sleeper>();
  let monotonic = 0;
  let wallAhead = 0;
  const settle = async (): Promise<void> => {
    for (let i = 0; i < SETTLE_TURNS; i++) await Promise.resolve();
  };
  const nextDue = (until: number): Sleeper | undefined => {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.dueMs <= until && (!next || sleeper.dueMs < next.dueMs)) next = sleeper;
    }
    return next;
  };
  return {
    now: () => fromMillis(toMillis(start) + monotonic + wallAhead),
    monotonicMs: () => monotonic,
    offsetMinutesAt: () => offsetMinutes,
    get sleepers() {
      return sleepers.size;
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        throwIfAborted(signal);
        const sleeper: Sleeper = {
          dueMs: monotonic + ms,
          wake: () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(new CofferError("ABORTED", "Interrupted", { cause: signal?.reason }));
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(ms) {
      await settle();
      const until = monotonic + ms;
      for (let next = nextDue(until); next; next = nextDue(until)) {
        sleepers.delete(next);
        monotonic = next.dueMs;
        next.wake();
        await settle();
      }
      monotonic = until;
    },
    jump(ms) {
      wallAhead += ms;
    },
  };
}
