/**
 * What `forget` keeps: counts, spans of time, tags. Plain data, as options or a profile give it.
 */
import { CofferError } from "#base/errors.ts";

/** A span in calendar units, as in `1y5m7d2h`. All parts are whole and not negative. */
export interface CalendarSpan {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

/** The calendar periods of which one snapshot each is kept. */
export type Period = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

export const PERIODS: readonly Period[] = ["hourly", "daily", "weekly", "monthly", "yearly"];

/** Keeps all that a rule finds. */
export const UNLIMITED = -1;

/** Each rule keeps; what no rule keeps is removed. Absent rules keep nothing. */
export interface KeepPolicy {
  /** The newest so many, or {@link UNLIMITED}. */
  readonly last?: number | undefined;
  /** The newest snapshot of each of so many periods that hold one, or {@link UNLIMITED}. */
  readonly counts?: Readonly<Partial<Record<Period, number>>> | undefined;
  /** Everything younger than this, counted back from the newest snapshot. */
  readonly within?: CalendarSpan | undefined;
  /** The newest snapshot of each period, among those younger than this. */
  readonly periodsWithin?: Readonly<Partial<Record<Period, CalendarSpan>>> | undefined;
  /** Snapshots that have all tags of one of these lists; the empty tag means "no tags". */
  readonly tags?: readonly (readonly string[])[] | undefined;
}

/** Whether no rule can keep anything. */
export function isEmptyPolicy(policy: KeepPolicy): boolean {
  const spans = [policy.within, ...Object.values(policy.periodsWithin ?? {})];
  return (
    (policy.last ?? 0) === 0 &&
    Object.values(policy.counts ?? {}).every((count) => count === 0) &&
    spans.every((span) => span === undefined || isZeroSpan(span)) &&
    (policy.tags?.length ?? 0) === 0
  );
}

/** Whether a span is no time at all, which keeps nothing. */
export function isZeroSpan({ years, months, days, hours }: CalendarSpan): boolean {
  return years === 0 && months === 0 && days === 0 && hours === 0;
}

const UNITS = { y: "years", m: "months", d: "days", h: "hours" } as const;

/**
 * Reads `1y5m7d2h`, parts in any order.
 * @throws BAD_OPTION naming `option`
 */
export function parseSpan(option: string, text: string): CalendarSpan {
  const span = { years: 0, months: 0, days: 0, hours: 0 };
  let at = 0;
  for (const match of text.matchAll(/(\d{1,6})([ymdh])/gy)) {
    span[UNITS[match[2] as keyof typeof UNITS]] = Number(match[1]);
    at = match.index + match[0].length;
  }
  if (at === text.length && at > 0) return span;
  throw new CofferError(
    "BAD_OPTION",
    `invalid value for ${option} ${JSON.stringify(text)}: expected a span such as 1y5m7d2h`,
  );
}

/** The text of a span: `1y5m7d2h`, zero parts left out; `0h` for none. */
export function formatSpan(span: CalendarSpan): string {
  const parts = Object.entries(UNITS).filter(([, name]) => span[name] !== 0);
  return parts.map(([letter, name]) => `${span[name]}${letter}`).join("") || "0h";
}
