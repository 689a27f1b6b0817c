/**
 * The machine's clock on Node: wall time to the microsecond, a monotonic timer, local time zone.
 */
import { performance } from "node:perf_hooks";
import type { Clock } from "#base/clock.ts";
import { sleepWith, type Timers } from "#base/sleep.ts";
import { fromMillis } from "#base/timestamp.ts";

const timers: Timers<NodeJS.Timeout> = {
  start: (run, ms) => setTimeout(run, ms),
  stop: (handle) => {
    clearTimeout(handle);
  },
};

/** How far the refined wall time may stray from the plain one before the plain one is believed. */
const DRIFT_MS = 50;

/**
 * The wall clock. `performance.timeOrigin + now()` has microseconds but does not follow when the
 * machine's clock is set or it wakes from sleep; then the millisecond clock wins.
 */
export function createSystemClock(): Clock {
  return {
    now() {
      const plain = Date.now();
      const fine = performance.timeOrigin + performance.now();
      return fromMillis(Math.abs(fine - plain) <= DRIFT_MS ? fine : plain);
    },
    monotonicMs: () => performance.now(),
    // Adding zero turns the -0 of UTC into 0.
    offsetMinutesAt: (seconds) => 0 - new Date(seconds * 1000).getTimezoneOffset(),
    sleep: (ms, signal) => sleepWith(timers, ms, signal),
  };
}
