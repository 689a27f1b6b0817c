/** The table of `snapshots`, laid out as restic's. */
import type { Clock } from "#base/clock.ts";
import {
  formatBytes,
  formatLocalTime,
  formatOffset,
  formatWallTime,
} from "#cli/text/format-human.ts";
import { renderTable } from "#cli/text/table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type { GroupKey } from "#repository/snapshot-filter.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface SnapshotTableOptions {
  readonly compact: boolean;
  readonly clock: Clock;
}

/** Newest last. Ends in a line break. */
export function snapshotTable(
  snapshots: readonly StoredSnapshot[],
  { compact, clock }: SnapshotTableOptions,
): string {
  const sized = snapshots.some((snapshot) => snapshot.summary !== undefined);
  const size = sized ? ["Size"] : [];
  const rows = snapshots.map((snapshot) => {
    const tags = snapshot.tags.map((tag) => terminalText(tag));
    const total = snapshot.summary?.totalBytesProcessed;
    const sizeCell = sized ? [total === undefined ? "" : formatBytes(total)] : [];
    return [
      snapshot.id.slice(0, 8),
      formatLocalTime(snapshot.time, clock),
      terminalText(snapshot.hostname),
      ...(compact
        ? [tags.join("\n")]
        : [tags.join(","), snapshot.paths.map((path) => terminalText(path)).join("\n")]),
      ...sizeCell,
    ];
  });
  return renderTable({
    columns: compact
      ? ["ID", "Time", "Host", "Tags  ", ...size]
      : ["ID", "Time", "Host      ", "Tags      ", "Paths", ...size],
    rows,
    spaced: !compact && snapshots.some((snapshot) => snapshot.paths.length > 1),
    footer: ["Timestamps shown in local time", `${snapshots.length} snapshots`],
  });
}

/** The line above a group's table; empty when nothing groups. */
export function groupHeader({ hostname, paths, tags }: GroupKey): string {
  const facts: string[] = [];
  const list = (values: readonly string[]) => values.map((value) => terminalText(value)).join(", ");
  if (hostname !== "") facts.push(`host [${terminalText(hostname)}]`);
  if (tags !== null) facts.push(`tags [${list(tags)}]`);
  if (paths !== null) facts.push(`paths [${list(paths)}]`);
  return facts.length === 0 ? "" : `snapshots for (${facts.join(", ")}):\n`;
}

/** `snapshot 817b2ed4 of [/srv] at 2026-11-24 04:30:19.733666686 +0100 by root@h` */
export function describeSnapshot(snapshot: StoredSnapshot): string {
  const { seconds, nanos, offsetMinutes } = snapshot.time;
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  const time = `${formatWallTime(seconds, offsetMinutes)}${fraction} ${formatOffset(offsetMinutes)}`;
  const paths = snapshot.paths.map((path) => terminalText(path)).join(" ");
  const who = terminalText(`${snapshot.username}@${snapshot.hostname}`);
  return `snapshot ${snapshot.id.slice(0, 8)} of [${paths}] at ${time} by ${who}`;
}
