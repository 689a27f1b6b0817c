/** A clock that moves only when told to. Tests and simulations only. */
import type { Clock } from "#base/clock.ts";
import { throwIfAborted } from "#base/errors.ts";
import { fromMillis, type Timestamp } from "#base/timestamp.ts";

export interface FakeClock extends Clock {
  /** Moves wall and monotonic time forward together. */
  advance(ms: number): void;
  /** Sets the wall time alone, as a person or NTP would; monotonic time stays. */
  setNow(time: Timestamp): void;
  /** Sets what {@link Clock.offsetMinutesAt} answers, for all instants. */
  setOffsetMinutes(minutes: number): void;
}

/** 2026-11-24T12:00:00Z: any fixed instant would do. */
const DEFAULT_START: Timestamp = { seconds: 1_795_521_600, nanos: 0 };

/**
 * `sleep` advances the clock by its time and resolves on a later turn, so that code waiting for
 * minutes runs in an instant.
 */
export function createFakeClock(start: Timestamp = DEFAULT_START, offsetMinutes = 0): FakeClock {
  let base = start;
  let sinceBase = 0;
  let monotonic = 0;
  let offset = offsetMinutes;
  const advance = (ms: number): void => {
    sinceBase += ms;
    monotonic += ms;
  };
  return {
    now() {
      const moved = fromMillis(sinceBase);
      const nanos = base.nanos + moved.nanos;
      const carry = nanos >= 1e9 ? 1 : 0;
      return { seconds: base.seconds + moved.seconds + carry, nanos: nanos - carry * 1e9 };
    },
    monotonicMs: () => monotonic,
    offsetMinutesAt: () => offset,
    async sleep(ms, signal) {
      throwIfAborted(signal);
      advance(ms);
      await Promise.resolve();
    },
    advance,
    setNow(time) {
      base = time;
      sinceBase = 0;
    },
    setOffsetMinutes(minutes) {
      offset = minutes;
    },
  };
}
