/** `diff`: compares two snapshots, or a snapshot with the files on this machine. */
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { openSession } from "#cli/open-session.ts";
import { warnBroken } from "#cli/select-snapshots.ts";
import { formatBytes } from "#cli/text/format-human.ts";
import type { JsonValue } from "#cli/text/json-text.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { idToBytes } from "#format/id.ts";
import { decodeUtf8 } from "#format/utf8-go.ts";
import { diffLive } from "#operations/diff/diff-live.ts";
import { diffTrees } from "#operations/diff/diff.ts";
import type { DiffCounts, DiffEvent, DiffStats } from "#operations/diff/diff-types.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";

export interface DiffCliOptions {
  readonly operands: readonly string[];
  readonly metadata?: true | undefined;
  readonly live?: true | undefined;
}

export async function run(options: DiffCliOptions, context: CliContext): Promise<number> {
  const [first, second, ...more] = options.operands;
  if (first === undefined || second === undefined || more.length > 0) {
    throw badOption(
      options.live === true
        ? "specify a snapshot and a folder of this machine"
        : "specify two snapshot IDs",
    );
  }
  await using session = await openSession(context, { lock: "shared", loadIndex: true });
  const stats = await (options.live === true ? live : snapshots)(
    [first, second],
    options.metadata === true,
    context,
    session,
  );
  if (stats.errors === 0) return 0;
  throw new CofferError("INCOMPLETE", `${stats.errors} errors; the comparison is not complete`);
}

async function snapshots(
  names: readonly [string, string],
  metadata: boolean,
  context: CliContext,
  session: OpenedEngine,
): Promise<DiffStats> {
  const { printer } = context;
  const { repository, signal } = session;
  const before = await resolve(names[0], context, session);
  const after = await resolve(names[1], context, session);
  printer.message(`comparing snapshot ${before.id} to ${after.id}:\n`);
  const stats = await diffTrees(
    repository,
    before.tree,
    after.tree,
    { metadata },
    { signal, progress: (event) => report(event, context) },
  );
  // As they were given: scripts know them by that.
  const about = { source_snapshot: names[0], target_snapshot: names[1] };
  if (printer.json) printer.jsonLine(diffStatsJson(stats, about));
  else printBlobStats(stats, context);
  return stats;
}

async function live(
  [name, folder]: readonly [string, string],
  metadata: boolean,
  context: CliContext,
  session: OpenedEngine,
): Promise<DiffStats> {
  const { io, printer } = context;
  const path = absolute(folder, io.host.workingFolder);
  const { repository, signal } = session;
  // Without a folder of its own, a snapshot is entered at the same place.
  const reference = name.includes(":") ? name : `${name}:${path}`;
  const { id, tree } = await resolve(reference, context, session);
  printer.message(`comparing snapshot ${id} to ${terminalText(path)}:\n`);
  const stats = await diffLive(
    repository,
    session.openSource(),
    { metadata, tree, path: utf8(path) },
    { signal, progress: (event) => report(event, context) },
  );
  const about = { source_snapshot: id, target_path: path };
  if (printer.json) printer.jsonLine(liveStatsJson(stats, about));
  else printLiveStats(stats, context);
  return stats;
}

async function resolve(name: string, context: CliContext, session: OpenedEngine) {
  const { repository, signal } = session;
  const { snapshot: wanted, folder } = parseSnapshotReference(name);
  const { snapshot, broken } = await findSnapshot(repository, wanted, {}, { signal });
  warnBroken(broken, context);
  const tree = await treeOfFolder(repository, idToBytes(snapshot.tree), folder, { signal });
  return { id: snapshot.id, tree };
}

/** Absolute, without `.`, `..` and doubled slashes. */
function absolute(path: string, workingFolder: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith("/") ? "" : `${workingFolder}/`}${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function report(event: DiffEvent, { printer }: CliContext): void {
  if (event.kind === "error") {
    printer.error(`error: ${terminalText(event.path)}: ${terminalText(event.message)}`);
    return;
  }
  const { path, modifier } = event;
  if (printer.json) {
    printer.jsonLine({ message_type: "change", path: decodeUtf8(path), modifier });
  } else printer.result(`${modifier.padEnd(5)}${terminalText(path)}`);
}

function countsJson(counts: DiffCounts): JsonValue {
  return {
    files: counts.files,
    dirs: counts.dirs,
    others: counts.others,
    data_blobs: counts.dataBlobs,
    tree_blobs: counts.treeBlobs,
    bytes: counts.bytes,
  };
}

/** The last line of `diff --json`, fields in restic's order. */
export function diffStatsJson(
  stats: DiffStats,
  about: { readonly source_snapshot: string; readonly target_snapshot: string },
): JsonValue {
  return {
    message_type: "statistics",
    ...about,
    changed_files: stats.changedFiles,
    added: countsJson(stats.added),
    removed: countsJson(stats.removed),
  };
}

/** Against the live disk there are no blobs to count. */
function liveStatsJson(stats: DiffStats, about: Readonly<Record<string, string>>): JsonValue {
  const counts = ({ files, dirs, others, bytes }: DiffCounts) => ({ files, dirs, others, bytes });
  return {
    message_type: "statistics",
    ...about,
    changed_files: stats.changedFiles,
    added: counts(stats.added),
    removed: counts(stats.removed),
  };
}

function entryLines({ added, removed, changedFiles }: DiffStats): string[] {
  const row = (label: string, a: number, b: number): string =>
    `${label.padEnd(13)}${String(a).padStart(5)} new, ${String(b).padStart(5)} removed`;
  return [
    "",
    `${row("Files:", added.files, removed.files)}, ${String(changedFiles).padStart(5)} changed`,
    row("Dirs:", added.dirs, removed.dirs),
    row("Others:", added.others, removed.others),
  ];
}

function printBlobStats(stats: DiffStats, { printer }: CliContext): void {
  const { added, removed } = stats;
  const row = (label: string, a: number, b: number): string =>
    `${label.padEnd(13)}${String(a).padStart(5)} new, ${String(b).padStart(5)} removed`;
  for (const line of [
    ...entryLines(stats),
    row("Data Blobs:", added.dataBlobs, removed.dataBlobs),
    row("Tree Blobs:", added.treeBlobs, removed.treeBlobs),
    `  Added:   ${formatBytes(added.bytes)}`,
    `  Removed: ${formatBytes(removed.bytes)}`,
  ]) {
    printer.result(line);
  }
}

function printLiveStats(stats: DiffStats, { printer }: CliContext): void {
  for (const line of entryLines(stats)) printer.result(line);
  printer.result(`  Added:   ${formatBytes(stats.added.bytes)}`);
  printer.result(`  Removed: ${formatBytes(stats.removed.bytes)}`);
}
