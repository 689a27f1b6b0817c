/** A bounded number of runs at once. All have ended before the first one's error is thrown. */

export class Flight {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failed = false;
  #error: unknown;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Starts a run as soon as there is room.
   * @throws the error of an earlier run, after all others have ended
   */
  async start(run: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    if (this.#failed) await this.land();
    const running: Promise<void> = run().then(
      () => {
        this.#running.delete(running);
      },
      (error: unknown) => {
        this.#running.delete(running);
        if (!this.#failed) this.#error = error;
        this.#failed = true;
      },
    );
    this.#running.add(running);
  }

  /** Waits until nothing runs. @throws the first error */
  async land(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failed) throw this.#error;
  }

  /** Waits until nothing runs, errors left aside: for the way out of another error. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
