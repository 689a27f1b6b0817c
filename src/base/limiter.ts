/** Bounded concurrency: at most so many tasks run at once, the rest wait in order of arrival. */
import { CofferError, throwIfAborted } from "#base/errors.ts";

interface Waiter {
  start(): void;
}

/** A counting semaphore whose bound may change while tasks run. */
export class Limiter {
  #limit: number;
  #active = 0;
  readonly #waiting = new Set<Waiter>();

  /** @param limit how many tasks may run at once, at least 1 */
  constructor(limit: number) {
    this.#limit = checked(limit);
  }

  /** Tasks running now. */
  get active(): number {
    return this.#active;
  }

  /** Tasks waiting for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Changes the bound. Running tasks are left alone; waiting ones start at once if there is room.
   */
  setLimit(limit: number): void {
    this.#limit = checked(limit);
    this.#startWaiting();
  }

  /**
   * Runs the task when there is a place and gives its result.
   * @throws ABORTED when the signal fires before the task began; else what the task throws
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await task();
    } finally {
      this.#active--;
      this.#startWaiting();
    }
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (this.#active < this.#limit && this.#waiting.size === 0) {
      this.#active++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        reject(new CofferError("ABORTED", "Interrupted", { cause: signal?.reason }));
      };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** The place is counted before the waiter resumes, so that nobody slips in between. */
  #startWaiting(): void {
    for (const waiter of this.#waiting) {
      if (this.#active >= this.#limit) return;
      this.#waiting.delete(waiter);
      this.#active++;
      waiter.start();
    }
  }
}

function checked(limit: number): number {
  if (!(limit >= 1))
    throw new CofferError("INTERNAL", `A limiter needs room for one, got ${limit}`);
  return Math.floor(limit);
}
