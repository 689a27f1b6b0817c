/**
 * Times as Go writes them in JSON: RFC 3339, up to nine digits of fraction without trailing zeros,
 * the writing host's offset or `Z` (docs/format.md, section 9).
 */
import { utf8 } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";

/** An instant with the offset it was, or is to be, written with. */
export interface ZonedTime extends Timestamp {
  /** Minutes ahead of UTC; 0 is written `Z`. */
  readonly offsetMinutes: number;
}

/** What an absent time decodes to: Go's zero time. */
export const ZERO_TIME: Timestamp = { seconds: -62_135_596_800, nanos: 0 };

const DAY = 86_400;
const DAYS_PER_ERA = 146_097;

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar; any year. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - 719_468;
}

/** The date of a day number: inverse of {@link daysFromCivil}. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / DAYS_PER_ERA);
  const dayOfEra = z - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  };
}

/** Parses what Go's JSON decoder accepts as a time; undefined for anything else. */
export function parseTime(text: string): ZonedTime | undefined {
  const bytes = utf8(text);
  return parseTimeBytes(bytes, 0, bytes.length);
}

/** Like {@link parseTime}, straight from `bytes[start, end)`. */
export function parseTimeBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): ZonedTime | undefined {
  // The shortest is 2006-01-02T15:04:05Z.
  if (end - start < 20) return undefined;
  const two = (at: number): number => digits(bytes, start + at, 2);
  const year = digits(bytes, start, 4);
  const [month, day, hour, minute, second] = [two(5), two(8), two(11), two(14), two(17)];
  for (const [at, mark] of MARKS) if (bytes[start + at] !== mark) return undefined;
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return undefined;
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return undefined;
  }
  let at = start + 19;
  let nanos = 0;
  if (bytes[at] === DOT) {
    const first = ++at;
    let unit = 100_000_000;
    for (; at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39; at++) {
      nanos += (bytes[at]! - 0x30) * unit;
      unit = Math.floor(unit / 10);
    }
    if (at === first) return undefined;
  }
  const offsetMinutes = parseOffset(bytes, at, end);
  if (offsetMinutes === undefined) return undefined;
  const local = daysFromCivil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
  return { seconds: local - offsetMinutes * 60, nanos, offsetMinutes };
}

const DOT = 0x2e;
/** Where the separators stand: `-`, `-`, `T`, `:`, `:`. */
const MARKS = [
  [4, 0x2d],
  [7, 0x2d],
  [10, 0x54],
  [13, 0x3a],
  [16, 0x3a],
] as const;

/** The number of `count` digits, or -1. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = bytes[i]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Minutes of `Z` or `+01:00`, which must fill the rest. */
function parseOffset(bytes: Uint8Array, at: number, end: number): number | undefined {
  const sign = bytes[at];
  if (sign === 0x5a) return at + 1 === end ? 0 : undefined;
  if ((sign !== 0x2b && sign !== 0x2d) || at + 6 !== end || bytes[at + 3] !== 0x3a)
    return undefined;
  const [hours, minutes] = [digits(bytes, at + 1, 2), digits(bytes, at + 4, 2)];
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  const size = hours * 60 + minutes;
  return size === 0 || sign === 0x2b ? size : -size;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The text of a time with its own offset. Years outside 0 to 9999 are clamped. */
export function formatTime(time: ZonedTime): string {
  const local = clampYear(time.seconds + time.offsetMinutes * 60);
  const day = Math.floor(local / DAY);
  return (
    formatDay(day) +
    formatClock(local - day * DAY) +
    formatFraction(time.nanos) +
    formatOffset(time.offsetMinutes)
  );
}

/**
 * Local seconds moved into the years 0 to 9999 by changing only the year, as restic does, since the
 * format has four digits. 29 February becomes 1 March where the new year has none.
 */
export function clampYear(local: number): number {
  if (local >= YEAR_0 && local < YEAR_10000) return local;
  const day = Math.floor(local / DAY);
  const date = civilFromDays(day);
  const year = date.year < 0 ? 0 : 9999;
  return daysFromCivil(year, date.month, date.day) * DAY + (local - day * DAY);
}

const YEAR_0 = daysFromCivil(0, 1, 1) * DAY;
const YEAR_10000 = daysFromCivil(10_000, 1, 1) * DAY;

/** `2024-02-29T` of a day number. */
export function formatDay(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return `${String(year).padStart(4, "0")}-${TWO[month]}-${TWO[day]}T`;
}

const TWO: readonly string[] = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, "0"));

/** `HH:MM:SS` of the seconds of a day. */
export function formatClock(seconds: number): string {
  const hour = (seconds / 3600) | 0;
  const minute = ((seconds - hour * 3600) / 60) | 0;
  return `${TWO[hour]}:${TWO[minute]}:${TWO[seconds - hour * 3600 - minute * 60]}`;
}

/** `.5` of 500,000,000 nanoseconds; empty for none. */
export function formatFraction(nanos: number): string {
  if (nanos === 0) return "";
  let value = nanos;
  let digits = 9;
  while (value % 10 === 0) {
    value /= 10;
    digits--;
  }
  return `.${String(value).padStart(digits, "0")}`;
}

/** `Z`, `+01:00`, `-05:30`. */
export function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${TWO[(size / 60) | 0]}:${TWO[size % 60]}`;
}
