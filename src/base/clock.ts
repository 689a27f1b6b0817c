/** The only source of time. Passed in everywhere, so that tests own it. */
import type { Timestamp } from "#base/timestamp.ts";

export interface Clock {
  /** Wall-clock time now. */
  now(): Timestamp;
  /** Milliseconds that only move forward; for durations. */
  monotonicMs(): number;
  /** Minutes that local time is ahead of UTC at the given instant (Berlin in summer: 120). */
  offsetMinutesAt(seconds: number): number;
  /** Resolves after the given time; rejects with ABORTED when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
