/**
 * One group of snapshots against one policy: restic's rules (docs/retention.md), with pinned
 * snapshots besides. Pure.
 */
import { compareTimestamps, type Timestamp } from "#base/timestamp.ts";
import type { ZonedTime } from "#format/time.ts";
import { periodKey, spanBefore } from "#operations/forget/calendar.ts";
import {
  formatSpan,
  isZeroSpan,
  type KeepPolicy,
  PERIODS,
  type Period,
  UNLIMITED,
} from "#operations/forget/policy.ts";
import { hasTags } from "#repository/snapshot-filter.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/** A snapshot with this tag is kept by every policy. */
export const PIN_TAG = "coffer:pin";

/** What each counting rule may still keep; rules that are used up are absent. */
export type Counters = Readonly<Partial<Record<"last" | Period, number>>>;

export interface KeptSnapshot {
  readonly snapshot: StoredSnapshot;
  /** Every rule that keeps it, in restic's words. */
  readonly reasons: readonly string[];
  /** After this snapshot was looked at. */
  readonly counters: Counters;
}

export interface Decision {
  /** Newest first. */
  readonly keep: readonly KeptSnapshot[];
  /** Newest first. */
  readonly remove: readonly StoredSnapshot[];
}

/** A rule that keeps one snapshot of each period, as long as its count lasts. */
interface Rule {
  readonly counter: "last" | Period | undefined;
  readonly reason: string;
  /** Only snapshots after this. */
  readonly after: Timestamp | undefined;
  key(time: ZonedTime, number: number): number;
  /** {@link UNLIMITED}, or how many more. */
  left: number;
  previous: number | undefined;
}

/**
 * Decides about the snapshots of one group. Of equal times the lower id counts as newer, so that
 * every run gives the same answer.
 * @param now snapshots later than this are no measure for "newest"
 */
export function applyPolicy(
  snapshots: readonly StoredSnapshot[],
  policy: KeepPolicy,
  now: Timestamp,
): Decision {
  const sorted = snapshots.toSorted(
    (a, b) => compareTimestamps(b.time, a.time) || (a.id < b.id ? -1 : 1),
  );
  const latest = newestNotAfter(sorted, now);
  const { within } = policy;
  const withinAfter = within && !isZeroSpan(within) ? spanBefore(latest, within) : undefined;
  const rules = rulesOf(policy, latest);
  const keep: KeptSnapshot[] = [];
  const remove: StoredSnapshot[] = [];
  sorted.forEach((snapshot, number) => {
    const reasons: string[] = [];
    if (snapshot.tags.includes(PIN_TAG)) reasons.push("pinned");
    for (const list of policy.tags ?? []) {
      if (hasTags(snapshot, list)) reasons.push(`has tags [${list.join(", ")}]`);
    }
    if (within && withinAfter && compareTimestamps(snapshot.time, withinAfter) > 0) {
      reasons.push(`within ${formatSpan(within)}`);
    }
    const isOldest = number === sorted.length - 1;
    for (const rule of rules) {
      const reason = applyRule(rule, snapshot.time, number, isOldest);
      if (reason !== undefined) reasons.push(reason);
    }
    if (reasons.length > 0) keep.push({ snapshot, reasons, counters: countersOf(rules) });
    else remove.push(snapshot);
  });
  return { keep, remove };
}

/** The reason why a rule keeps the snapshot, after counting it; undefined if it does not. */
function applyRule(
  rule: Rule,
  time: ZonedTime,
  number: number,
  isOldest: boolean,
): string | undefined {
  if (rule.left === 0) return undefined;
  if (rule.after && compareTimestamps(time, rule.after) <= 0) return undefined;
  const key = rule.key(time, number);
  const isNewPeriod = key !== rule.previous;
  // While a rule has room the oldest snapshot stays: history is kept as long as possible.
  if (!isNewPeriod && !isOldest) return undefined;
  rule.previous = key;
  if (rule.left > 0) rule.left--;
  return isNewPeriod ? rule.reason : `oldest ${rule.reason}`;
}

function rulesOf(policy: KeepPolicy, latest: ZonedTime): Rule[] {
  const rules: Rule[] = [];
  const byNumber = (_time: ZonedTime, number: number): number => number;
  const add = (
    counter: "last" | Period | undefined,
    reason: string,
    left: number,
    key: Rule["key"],
    after?: Timestamp,
  ): void => void rules.push({ counter, reason, left, key, after, previous: undefined });
  add("last", "last snapshot", policy.last ?? 0, byNumber);
  for (const period of PERIODS) {
    const count = policy.counts?.[period] ?? 0;
    add(period, `${period} snapshot`, count, (time) => periodKey(period, time));
  }
  for (const period of PERIODS) {
    const span = policy.periodsWithin?.[period];
    if (!span || isZeroSpan(span)) continue;
    const reason = `${period} within ${formatSpan(span)}`;
    const key = (time: ZonedTime): number => periodKey(period, time);
    add(undefined, reason, UNLIMITED, key, spanBefore(latest, span));
  }
  return rules;
}

function countersOf(rules: readonly Rule[]): Counters {
  const counters: Partial<Record<"last" | Period, number>> = {};
  for (const { counter, left } of rules) if (counter && left !== 0) counters[counter] = left;
  return counters;
}

/** Time of the newest snapshot that is not in the future; now where all are. */
function newestNotAfter(newestFirst: readonly StoredSnapshot[], now: Timestamp): ZonedTime {
  const found = newestFirst.find(({ time }) => compareTimestamps(time, now) <= 0);
  return found?.time ?? { ...now, offsetMinutes: 0 };
}
