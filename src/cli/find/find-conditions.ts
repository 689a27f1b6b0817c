/** Conditions of `find` as people write them: times, sizes, types. */
import type { Clock } from "#base/clock.ts";
import { isCofferError } from "#base/errors.ts";
import { fromMillis, type Timestamp, toMillis } from "#base/timestamp.ts";
import { parseDuration } from "#cli/parse/durations.ts";
import { parseLocalTime } from "#cli/parse/local-time.ts";
import { parseSize } from "#cli/parse/sizes.ts";
import { badOption } from "#cli/usage.ts";
import type { NodeType } from "#format/node.ts";
import { parseTime } from "#format/time.ts";
import type { FindConditions } from "#operations/find/find-types.ts";

export interface ConditionOptions {
  readonly oldest?: string | undefined;
  readonly newest?: string | undefined;
  readonly larger?: string | undefined;
  readonly smaller?: string | undefined;
  readonly type?: string | undefined;
}

const TYPES: Readonly<Record<string, NodeType>> = {
  f: "file",
  d: "dir",
  l: "symlink",
  b: "dev",
  c: "chardev",
  p: "fifo",
  s: "socket",
};

/** @throws BAD_OPTION naming the option */
export function parseConditions(options: ConditionOptions, clock: Clock): FindConditions {
  const { oldest, newest, larger, smaller, type } = options;
  return {
    oldest: oldest === undefined ? undefined : parseMoment("--oldest", oldest, clock),
    newest: newest === undefined ? undefined : parseMoment("--newest", newest, clock),
    minSize: larger === undefined ? undefined : parseSize("--larger", larger),
    maxSize: smaller === undefined ? undefined : parseSize("--smaller", smaller),
    types: type === undefined ? undefined : parseTypes(type),
  };
}

function parseTypes(text: string): NodeType[] {
  return text.split(",").map((letter) => {
    const type = TYPES[letter.trim()];
    if (type) return type;
    throw badOption(`--type ${JSON.stringify(text)}: letters of f, d, l, b, c, p, s`);
  });
}

/**
 * A moment: local `2026-11-24`, with `04:30` or `04:30:18`; with a zone as in RFC 3339; the same
 * turned round, `24.11.2026`; or how long ago, `7d`.
 */
export function parseMoment(option: string, text: string, clock: Clock): Timestamp {
  const zoned = parseTime(text);
  if (zoned) return zoned;
  const german = /^(\d\d)\.(\d\d)\.(\d{4})(.*)$/.exec(text);
  const ordered = german ? `${german[3]}-${german[2]}-${german[1]}${german[4]}` : text;
  const local = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d)(:\d\d)?)?$/.exec(ordered);
  if (local) {
    const full = `${local[1]} ${local[2] ?? "00:00"}${local[3] ?? ":00"}`;
    return parseLocalTime(option, full, clock);
  }
  try {
    return fromMillis(toMillis(clock.now()) - parseDuration(option, text));
  } catch (error) {
    if (!isCofferError(error, "BAD_OPTION")) throw error;
    throw badOption(
      `${option} ${JSON.stringify(text)}: expected a time such as 2026-11-24, ` +
        "'2026-11-24 04:30:18', or how long ago, such as 7d",
    );
  }
}
