/** Durations as Go writes them (`5m`, `1h30m`, `1.5s`), with days (`4d`) besides. */
import { CofferError } from "#base/errors.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds, not negative. @throws BAD_OPTION naming the option */
export function parseDuration(option: string, text: string): number {
  if (text === "0") return 0;
  let total = 0;
  let at = 0;
  for (const match of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d)/gy)) {
    total += Number(match[1]) * MILLISECONDS[match[2]!]!;
    at = match.index + match[0].length;
  }
  if (at === 0 || at !== text.length || !Number.isFinite(total)) {
    throw new CofferError(
      "BAD_OPTION",
      `invalid value for ${option} ${JSON.stringify(text)}: expected a duration such as 30s, 5m or 2h`,
    );
  }
  return total;
}
