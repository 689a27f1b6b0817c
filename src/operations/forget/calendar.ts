/**
 * Calendar arithmetic of retention, in the zone that a snapshot was made in: its time is what the
 * person who made it saw on the clock.
 */
import type { Timestamp } from "#base/timestamp.ts";
import { civilFromDays, daysFromCivil, type ZonedTime } from "#format/time.ts";
import type { CalendarSpan, Period } from "#operations/forget/policy.ts";

const DAY = 86_400;
const HOUR = 3600;

interface LocalTime {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Seconds into that day. */
  readonly second: number;
}

function localTime({ seconds, offsetMinutes }: ZonedTime): LocalTime {
  const local = seconds + offsetMinutes * 60;
  const day = Math.floor(local / DAY);
  return { day, second: local - day * DAY };
}

/** A number that two times share exactly when they fall into the same period. */
export function periodKey(period: Period, time: ZonedTime): number {
  const { day, second } = localTime(time);
  switch (period) {
    case "hourly":
      return day * 24 + Math.floor(second / HOUR);
    case "daily":
      return day;
    case "weekly":
      // 1970-01-01 was a Thursday; ISO weeks begin on Monday.
      return Math.floor((day + 3) / 7);
    case "monthly": {
      const { year, month } = civilFromDays(day);
      return year * 12 + month;
    }
    case "yearly":
      return civilFromDays(day).year;
  }
}

/**
 * The instant a span before `time`: years, months and days on the calendar, then hours. A day that
 * the month lacks runs over into the next: a month before 31 March is 2 or 3 March.
 */
export function spanBefore(time: ZonedTime, span: CalendarSpan): Timestamp {
  const { day, second } = localTime(time);
  const date = civilFromDays(day);
  const months = (date.year - span.years) * 12 + (date.month - 1) - span.months;
  const year = Math.floor(months / 12);
  const first = daysFromCivil(year, months - year * 12 + 1, 1);
  const local = (first + date.day - 1 - span.days) * DAY + second - span.hours * HOUR;
  return { seconds: local - time.offsetMinutes * 60, nanos: time.nanos };
}
