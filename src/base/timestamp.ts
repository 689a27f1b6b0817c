/** An instant with nanosecond precision, as file systems and snapshots have it. */
export interface Timestamp {
  /** Whole seconds since 1970-01-01T00:00:00Z, rounded down (negative before 1970). */
  readonly seconds: number;
  /** 0 to 999,999,999, always counted forward from `seconds`. */
  readonly nanos: number;
}

/** Milliseconds since the epoch, fraction kept. For display and for coarse comparison only. */
export function toMillis(time: Timestamp): number {
  return time.seconds * 1000 + time.nanos / 1e6;
}

/** The instant at a whole or fractional number of milliseconds since the epoch. */
export function fromMillis(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6));
  return { seconds, nanos };
}

/** Negative, zero or positive as `a` is before, at or after `b`. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}
