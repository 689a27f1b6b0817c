/** A rate of bytes that may change while it is in use. Waiting is in order of arrival. */
import type { Clock } from "#base/clock.ts";

/** Longest sleep between two looks at the rate, so that a change takes effect soon. */
const LOOK_AGAIN_MS = 250;

/** Lets through `bytesPerSecond` on average, with one second's worth at once after a pause. */
export class TokenBucket {
  readonly #clock: Clock;
  #rate: number;
  /** Bytes let through and not yet paid for by time; negative after a pause. */
  #debt = 0;
  #lastMs: number;
  #queue: Promise<void> = Promise.resolve();

  /** @param bytesPerSecond Infinity for no limit */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#rate = bytesPerSecond;
    this.#lastMs = clock.monotonicMs();
  }

  /** Changes the rate at once, also for callers that wait. Infinity: no limit. */
  setRate(bytesPerSecond: number): void {
    this.#pay();
    this.#rate = bytesPerSecond;
  }

  /**
   * Resolves when `bytes` may pass. An amount beyond a second's worth passes whole, and those that
   * follow wait for it.
   * @throws ABORTED
   */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#wait(bytes, signal));
    // Whoever gives up must not stop those behind.
    this.#queue = turn.then(noop, noop);
    return turn;
  }

  /** Counts bytes that have already passed, as those of a read of unknown length. */
  charge(bytes: number): void {
    if (this.#rate === Infinity) return;
    this.#pay();
    this.#debt += bytes;
  }

  async #wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (this.#rate === Infinity) {
        this.#debt = 0;
        return;
      }
      this.#pay();
      if (this.#debt <= 0) break;
      const untilFree = (this.#debt / this.#rate) * 1000;
      await this.#clock.sleep(Math.ceil(Math.min(untilFree, LOOK_AGAIN_MS)), signal);
    }
    this.#debt += bytes;
  }

  #pay(): void {
    const now = this.#clock.monotonicMs();
    const paid = ((now - this.#lastMs) / 1000) * this.#rate;
    this.#lastMs = now;
    if (this.#rate !== Infinity) this.#debt = Math.max(-this.#rate, this.#debt - paid);
  }
}

function noop(): void {}
