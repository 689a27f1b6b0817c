/**
 * Simulated time for whole programs: when nothing else can run, time jumps to the next sleeper.
 * Each simulated process has its own view, which dies with it.
 */
import type { Clock } from "#base/clock.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";
import { fromMillis } from "#base/timestamp.ts";

interface Sleeper {
  readonly dueMs: number;
  readonly owner: ProcessClock;
  wake(): void;
}

/** 2026-11-24T12:00:00Z: any fixed instant would do. */
const START_MS = 1_795_521_600_000;

/** The time of one simulated machine. */
export class EventTime {
  nowMs = 0;
  #sleepers: Sleeper[] = [];
  #isPumping = false;

  /** The clock of a new process. */
  process(): ProcessClock {
    return new ProcessClock(this);
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.push(sleeper);
    if (!this.#isPumping) this.#pump();
  }

  drop(keep: (sleeper: Sleeper) => boolean): void {
    this.#sleepers = this.#sleepers.filter(keep);
  }

  /** A turn of the event loop means that every promise chain has settled as far as it can. */
  #pump(): void {
    this.#isPumping = this.#sleepers.length > 0;
    if (!this.#isPumping) return;
    setImmediate(() => {
      let next: Sleeper | undefined;
      for (const sleeper of this.#sleepers) {
        if (next === undefined || sleeper.dueMs < next.dueMs) next = sleeper;
      }
      if (next !== undefined) {
        this.drop((sleeper) => sleeper !== next);
        this.nowMs = Math.max(this.nowMs, next.dueMs);
        next.wake();
      }
      this.#pump();
    });
  }
}

/** What one process sees of the time. After {@link kill} its sleepers never wake. */
export class ProcessClock implements Clock {
  readonly #time: EventTime;
  #isDead = false;

  constructor(time: EventTime) {
    this.#time = time;
  }

  now = (): ReturnType<Clock["now"]> => fromMillis(START_MS + this.#time.nowMs);
  monotonicMs = (): number => this.#time.nowMs;
  offsetMinutesAt = (): number => 60;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal);
      if (this.#isDead) return;
      const onAbort = (): void => {
        this.#time.drop((other) => other !== sleeper);
        reject(new CofferError("ABORTED", "Interrupted", { cause: signal?.reason }));
      };
      const sleeper: Sleeper = {
        dueMs: this.#time.nowMs + ms,
        owner: this,
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#time.add(sleeper);
    });

  kill(): void {
    this.#isDead = true;
    this.#time.drop((sleeper) => sleeper.owner !== this);
  }
}
