/** Times given on the command line: `2012-11-01 22:08:41`, in local time. */
import type { Clock } from "#base/clock.ts";
import { CofferError } from "#base/errors.ts";
import type { Timestamp } from "#base/timestamp.ts";

/** The instant of a local wall-clock time. @throws BAD_OPTION naming the option */
export function parseLocalTime(option: string, text: string, clock: Clock): Timestamp {
  const parts = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  const wall = parts === null ? Number.NaN : Date.parse(`${text.replace(" ", "T")}Z`) / 1000;
  // Date.parse accepts 31 February as 3 March; the round trip does not.
  if (Number.isNaN(wall) || new Date(wall * 1000).toISOString().slice(8, 10) !== parts![3]) {
    throw new CofferError(
      "BAD_OPTION",
      `error in time option: ${option} ${JSON.stringify(text)} is not of the form ` +
        `'2012-11-01 22:08:41'`,
    );
  }
  // The offset depends on the instant that is looked for: one correction settles it.
  const guess = wall - clock.offsetMinutesAt(wall) * 60;
  return { seconds: wall - clock.offsetMinutesAt(guess) * 60, nanos: 0 };
}
