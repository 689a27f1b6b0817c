/** `ls`: the entries of a snapshot. */
import type { CliContext } from "#cli/context.ts";
import { jsonWriter, ncduWriter, textWriter, type LsWriter } from "#cli/ls-writers.ts";
import { openSession } from "#cli/open-session.ts";
import { parseChoice } from "#cli/parse/sizes.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { warnBroken } from "#cli/select-snapshots.ts";
import { badOption } from "#cli/usage.ts";
import { idToBytes } from "#format/id.ts";
import { listTree, type LsSort } from "#operations/ls.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";

export interface LsOptions extends FilterOptions {
  readonly snapshot: string | undefined;
  readonly folders: readonly string[];
  readonly long?: true | undefined;
  readonly recursive?: true | undefined;
  readonly humanReadable?: true | undefined;
  readonly ncdu?: true | undefined;
  readonly sort: string;
  readonly reverse?: true | undefined;
}

const SORTS: readonly LsSort[] = ["name", "size", "time", "mtime", "atime", "ctime", "extension"];

export async function run(options: LsOptions, context: CliContext): Promise<number> {
  const { io } = context;
  const sort = parseChoice("--sort", options.sort, SORTS);
  const reference = checkRequest(options, sort, context.printer.json);
  await using session = await openSession(context, { lock: "shared", loadIndex: true });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const found = await findSnapshot(repository, reference.snapshot, filter, { signal });
  warnBroken(found.broken, context);
  const { snapshot } = found;
  const root = await treeOfFolder(repository, idToBytes(snapshot.tree), reference.folder, {
    signal,
  });
  const writer = chooseWriter(options, context);
  writer.start(snapshot);
  const entries = listTree(repository, root, {
    paths: options.folders,
    // ncdu cannot show a folder without its contents.
    recursive: options.recursive === true || options.ncdu === true,
    sort,
    reverse: options.reverse === true,
    signal,
  });
  for await (const entry of entries) writer.entry(entry);
  writer.end();
  io.signal.throwIfAborted();
  return 0;
}

function checkRequest(options: LsOptions, sort: LsSort, json: boolean) {
  if (options.snapshot === undefined) {
    throw badOption("no snapshot ID specified, specify snapshot ID or use special ID 'latest'");
  }
  if (options.ncdu === true) {
    if (json) throw badOption("only either '--json' or '--ncdu' can be specified");
    if (sort !== "name") throw badOption("--sort and --ncdu are mutually exclusive");
    if (options.reverse === true) throw badOption("--reverse and --ncdu are mutually exclusive");
  }
  if (options.folders.some((folder) => !folder.startsWith("/"))) {
    throw badOption("All path filters must be absolute, starting with a forward slash '/'");
  }
  return parseSnapshotReference(options.snapshot);
}

function chooseWriter(options: LsOptions, { io, printer }: CliContext): LsWriter {
  if (printer.json) return jsonWriter(printer, { clock: io.clock });
  if (options.ncdu === true) return ncduWriter(printer);
  return textWriter(printer, options.folders, {
    long: options.long === true,
    human: options.humanReadable === true,
    clock: io.clock,
  });
}
