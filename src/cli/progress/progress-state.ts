/** What a progress display shows, whatever the operation. Counts only grow. */

export interface ProgressState {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Undefined until known. */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
  /** Safe texts of what is being worked on, at most a few. */
  readonly current: readonly string[];
}

/**
 * Bytes per second over the last half minute: short enough to follow a change from small to large
 * files, long enough that the time left does not jump.
 */
const WINDOW_MS = 30_000;
/** Samples closer together than this are merged. */
const SAMPLE_MS = 500;

/** Bytes per second from a series of readings; keeps about sixty of them. */
export class RateEstimator {
  readonly #samples: { at: number; bytes: number }[] = [];

  /** Bytes per second; 0 while unknown. Call with a clock that only moves forward. */
  update(nowMs: number, bytes: number): number {
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last === undefined || nowMs - last.at >= SAMPLE_MS) samples.push({ at: nowMs, bytes });
    while (samples.length > 2 && nowMs - samples[1]!.at >= WINDOW_MS) samples.shift();
    const first = samples[0]!;
    const elapsed = nowMs - first.at;
    return elapsed < SAMPLE_MS ? 0 : (1000 * (bytes - first.bytes)) / elapsed;
  }
}

/** Seconds until all bytes are done at this rate; undefined while unknown. */
export function secondsLeft(state: ProgressState, bytesPerSecond: number): number | undefined {
  if (state.bytesTotal === undefined || bytesPerSecond <= 0) return undefined;
  const rest = state.bytesTotal - state.bytesDone;
  return rest > 0 ? Math.ceil(rest / bytesPerSecond) : undefined;
}
