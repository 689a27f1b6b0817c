/** A forget plan as tables with reasons, or as restic's JSON. */
import type { CliContext } from "#cli/context.ts";
import { snapshotJson, snapshotMembers } from "#cli/snapshot-json.ts";
import { groupHeader, snapshotTable } from "#cli/snapshot-table.ts";
import type { JsonValue } from "#cli/text/json-text.ts";
import { formatLocalTime } from "#cli/text/format-human.ts";
import { renderTable } from "#cli/text/table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type { KeptSnapshot } from "#operations/forget/apply-policy.ts";
import type { ForgetGroup, ForgetPlan } from "#operations/forget/plan-forget.ts";

/** The groups as one JSON document, keys as restic's. */
export function forgetJson({ groups }: ForgetPlan): JsonValue {
  return groups.map(({ key, keep, remove }) => ({
    tags: key.tags,
    host: key.hostname,
    paths: key.paths,
    keep: orNull(keep.map(({ snapshot }) => snapshotJson(snapshot))),
    remove: orNull(remove.map((snapshot) => snapshotJson(snapshot))),
    reasons: keep.map(({ snapshot, reasons, counters }) => ({
      snapshot: snapshotMembers(snapshot),
      matches: reasons,
      counters,
    })),
  }));
}

/** Go writes an empty list as null. */
function orNull(list: readonly JsonValue[]): JsonValue {
  return list.length === 0 ? null : list;
}

/** Prints each group: what is kept and why, what goes. */
export function printForgetPlan(
  { groups }: ForgetPlan,
  compact: boolean,
  dryRun: boolean,
  { printer, io }: CliContext,
): void {
  const verb = dryRun ? "would remove" : "remove";
  for (const group of groups) {
    printer.message(groupHeader(group.key).trimEnd());
    printer.message("");
    printGroup(group, verb, compact, { printer, io });
  }
}

function printGroup(
  { keep, remove }: ForgetGroup,
  verb: string,
  compact: boolean,
  { printer, io }: Pick<CliContext, "printer" | "io">,
): void {
  if (keep.length > 0) {
    printer.message(`keep ${keep.length} snapshots:`);
    printer.message(keptTable(keep, compact, io.clock));
  }
  if (remove.length > 0) {
    printer.message(`${verb} ${remove.length} snapshots:`);
    printer.message(snapshotTable(remove.toReversed(), { compact, clock: io.clock }));
  }
}

/** Oldest first, as every table of snapshots. */
function keptTable(
  keep: readonly KeptSnapshot[],
  compact: boolean,
  clock: CliContext["io"]["clock"],
): string {
  const rows = keep.toReversed().map(({ snapshot, reasons }) => {
    const tags = snapshot.tags.map((tag) => terminalText(tag));
    const paths = snapshot.paths.map((path) => terminalText(path));
    return [
      snapshot.id.slice(0, 8),
      formatLocalTime(snapshot.time, clock),
      terminalText(snapshot.hostname),
      tags.join(","),
      reasons.map((reason) => terminalText(reason)).join(compact ? ", " : "\n"),
      ...(compact ? [] : [paths.join("\n")]),
    ];
  });
  return renderTable({
    columns: ["ID", "Time", "Host", "Tags", "Reasons", ...(compact ? [] : ["Paths"])],
    rows,
    footer: [`${keep.length} snapshots`],
  });
}
