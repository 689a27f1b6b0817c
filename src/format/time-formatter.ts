/** Formatting the three times of every node, in local time, fast enough for 10^6 nodes. */
import type { Timestamp } from "#base/timestamp.ts";
import {
  clampYear,
  formatClock,
  formatDay,
  formatFraction,
  formatOffset,
  formatTime,
} from "#format/time.ts";

/** The RFC 3339 text of an instant in the zone that the formatter was made for. */
export type TimeFormatter = (time: Timestamp) => string;

/** Always `Z`: for reproducible output and tests. */
export const formatUtc: TimeFormatter = (time) => formatTime({ ...time, offsetMinutes: 0 });

/** Zones change their offset on quarter hours since 1972; before, every instant is asked for. */
const QUARTER = 900;
const QUARTERS_SINCE = 94_694_400;
const MAX_CACHED = 8192;
const DAY = 86_400;

/**
 * A formatter that asks for the zone's offset once per quarter hour and formats each date once.
 * Holds at most some thousand cached values.
 * @param offsetMinutesAt minutes ahead of UTC at an instant in seconds; see `Clock`
 */
export function createTimeFormatter(offsetMinutesAt: (seconds: number) => number): TimeFormatter {
  const offsets = new Map<number, number>();
  const days = new Map<number, string>();
  let lastSeconds = NaN;
  let lastClock = "";
  let lastZone = "";

  const offsetAt = (seconds: number): number => {
    if (!(seconds >= QUARTERS_SINCE)) return offsetMinutesAt(seconds);
    const quarter = Math.floor(seconds / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      offset = offsetMinutesAt(seconds);
      if (offsets.size >= MAX_CACHED) offsets.clear();
      offsets.set(quarter, offset);
    }
    return offset;
  };

  const dayText = (day: number): string => {
    let text = days.get(day);
    if (text === undefined) {
      text = formatDay(day);
      if (days.size >= MAX_CACHED) days.clear();
      days.set(day, text);
    }
    return text;
  };

  return ({ seconds, nanos }) => {
    if (seconds !== lastSeconds) {
      let offset = offsetAt(seconds);
      let local = seconds + offset * 60;
      const clamped = clampYear(local);
      if (clamped !== local) {
        // Go looks the offset up again for the clamped date.
        offset = offsetAt(clamped - offset * 60);
        local = clamped;
      }
      const day = Math.floor(local / DAY);
      lastClock = dayText(day) + formatClock(local - day * DAY);
      lastZone = formatOffset(offset);
      lastSeconds = seconds;
    }
    return lastClock + formatFraction(nanos) + lastZone;
  };
}
