/** The `--keep-…` options as the engine's policy. */
import { parseInteger } from "#cli/parse/sizes.ts";
import { parseTagList } from "#cli/parse/tags.ts";
import { badOption } from "#cli/usage.ts";
import {
  type CalendarSpan,
  type KeepPolicy,
  parseSpan,
  type Period,
  UNLIMITED,
} from "#operations/forget/policy.ts";

export interface PolicyOptions {
  readonly keepLast?: string | undefined;
  readonly keepHourly?: string | undefined;
  readonly keepDaily?: string | undefined;
  readonly keepWeekly?: string | undefined;
  readonly keepMonthly?: string | undefined;
  readonly keepYearly?: string | undefined;
  readonly keepWithin?: string | undefined;
  readonly keepWithinHourly?: string | undefined;
  readonly keepWithinDaily?: string | undefined;
  readonly keepWithinWeekly?: string | undefined;
  readonly keepWithinMonthly?: string | undefined;
  readonly keepWithinYearly?: string | undefined;
  readonly keepTag?: readonly string[] | undefined;
}

const NAMES = {
  hourly: "Hourly",
  daily: "Daily",
  weekly: "Weekly",
  monthly: "Monthly",
  yearly: "Yearly",
} as const satisfies Record<Period, string>;

/** @throws BAD_OPTION naming the option */
export function parsePolicy(options: PolicyOptions): KeepPolicy {
  const counts: Partial<Record<Period, number>> = {};
  const periodsWithin: Partial<Record<Period, CalendarSpan>> = {};
  for (const [period, name] of Object.entries(NAMES) as [Period, (typeof NAMES)[Period]][]) {
    const count = options[`keep${name}`];
    const span = options[`keepWithin${name}`];
    if (count !== undefined) counts[period] = parseKeep(`--keep-${period}`, count);
    if (span !== undefined) periodsWithin[period] = parseSpan(`--keep-within-${period}`, span);
  }
  const { keepLast, keepWithin, keepTag = [] } = options;
  return {
    last: keepLast === undefined ? 0 : parseKeep("--keep-last", keepLast),
    counts,
    within: keepWithin === undefined ? undefined : parseSpan("--keep-within", keepWithin),
    periodsWithin,
    tags: keepTag.map(parseTagList),
  };
}

function parseKeep(option: string, text: string): number {
  if (text === "unlimited") return UNLIMITED;
  const count = parseInteger(option, text);
  if (count >= UNLIMITED) return count;
  throw badOption(`negative values other than -1 are not allowed for ${option}`);
}
