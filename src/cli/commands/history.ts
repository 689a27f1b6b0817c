/** `history`: the versions of one path over all snapshots. */
import { CofferError } from "#base/errors.ts";
import { toHex } from "#base/bytes.ts";
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { formatBytes, formatLocalTime } from "#cli/text/format-human.ts";
import { renderTable } from "#cli/text/table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { formatTime } from "#format/time.ts";
import { pathHistory, type PathVersion } from "#operations/history/history.ts";

export interface HistoryCliOptions extends FilterOptions {
  readonly file: string | undefined;
}

export async function run(options: HistoryCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const { file } = options;
  if (file === undefined) throw badOption("no path specified");
  await using session = await openSession(context, { lock: "shared", loadIndex: true });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(session, [], filter, context);
  const versions: PathVersion[] = [];
  const result = await pathHistory(repository, snapshots, file, {
    signal,
    progress: (event) => {
      if (event.kind === "version") versions.push(event);
      else {
        const { snapshot, message } = event;
        printer.error(`error: snapshot ${snapshot.id.slice(0, 8)}: ${terminalText(message)}`);
      }
    },
  });
  if (printer.json) for (const version of versions) printJson(version, context);
  else printTable(versions, context);
  if (result.errors > 0) {
    throw new CofferError("INCOMPLETE", `${result.errors} snapshots could not be searched`);
  }
  if (versions.length > 0) return damaged ? 1 : 0;
  throw new CofferError("PATH_NOT_FOUND", `No snapshot holds ${JSON.stringify(file)}`);
}

const WORDS: Readonly<Record<PathVersion["change"], string>> = {
  "+": "appeared",
  "-": "gone",
  T: "other type",
  M: "other content",
  U: "other metadata",
};

function printTable(versions: readonly PathVersion[], { io, printer }: CliContext): void {
  for (const host of new Set(versions.map(({ group }) => group))) {
    const rows = versions
      .filter(({ group }) => group === host)
      .map(({ snapshot, count, change, node }) => [
        snapshot.id.slice(0, 8),
        formatLocalTime(snapshot.time, io.clock),
        WORDS[change],
        node?.type === "file" ? formatBytes(node.size) : (node?.type ?? ""),
        node ? formatLocalTime(node.mtime, io.clock) : "",
        String(count),
      ]);
    const paths = (host.paths ?? []).map((path) => terminalText(path)).join(", ");
    printer.message(`host ${terminalText(host.hostname)}, paths [${paths}]`);
    printer.raw(
      renderTable({
        columns: ["Snapshot", "Saved", "Change", "Size", "Modified", "Snapshots"],
        rows,
        spaced: false,
        footer: [`${rows.length} versions`],
      }),
    );
  }
}

function printJson(version: PathVersion, { printer }: CliContext): void {
  const { snapshot, last, count, change, node, group } = version;
  printer.jsonLine({
    message_type: "version",
    hostname: group.hostname,
    paths: group.paths,
    snapshot: snapshot.id,
    time: formatTime(snapshot.time),
    last_snapshot: last.id,
    last_time: formatTime(last.time),
    snapshots: count,
    modifier: change,
    type: node?.type,
    size: node?.type === "file" ? node.size : undefined,
    mtime: node && formatTime({ ...node.mtime, offsetMinutes: 0 }),
    subtree: node?.subtree && toHex(node.subtree),
  });
}
