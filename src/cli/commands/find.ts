/** `find`: searches snapshots by name, or for what refers to a blob, tree or pack. */
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { type ConditionOptions, parseConditions } from "#cli/find/find-conditions.ts";
import { findJson, findText } from "#cli/find/find-output.ts";
import { openSession } from "#cli/open-session.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { badOption } from "#cli/usage.ts";
import { parseId, idToBytes } from "#format/id.ts";
import { findObjects, packsOf } from "#operations/find/find-objects.ts";
import type { FindConditions, FindResult } from "#operations/find/find-types.ts";
import { findEntries } from "#operations/find/find.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface FindCliOptions extends FilterOptions, ConditionOptions {
  readonly patterns: readonly string[];
  readonly ignoreCase?: true | undefined;
  readonly long?: true | undefined;
  readonly humanReadable?: true | undefined;
  readonly snapshot?: readonly string[] | undefined;
  readonly reverse?: true | undefined;
  readonly blob?: true | undefined;
  readonly tree?: true | undefined;
  readonly pack?: true | undefined;
  readonly showPackId?: true | undefined;
}

export async function run(options: FindCliOptions, context: CliContext): Promise<number> {
  const { io, printer } = context;
  const conditions = parseConditions(options, io.clock);
  checkRequest(options);
  await using session = await openSession(context, { lock: "shared", loadIndex: true });
  const filter = snapshotFilter(options, context);
  const names = options.snapshot ?? [];
  const { snapshots, damaged } = await selectSnapshots(session, names, filter, context);
  // Newest first, as restic.
  if (options.reverse !== true) snapshots.reverse();
  const output = printer.json
    ? findJson(printer, io.clock)
    : findText(printer, {
        clock: io.clock,
        long: options.long === true,
        human: options.humanReadable === true,
      });
  const result = await search(options, conditions, session, snapshots, (event) =>
    output.event(event),
  );
  output.end();
  if (options.showPackId === true) showPacks(options, session, context);
  io.signal.throwIfAborted();
  if (result.errors > 0) {
    throw new CofferError("INCOMPLETE", `${result.errors} folders could not be read`);
  }
  return damaged ? 1 : 0;
}

type Listener = NonNullable<NonNullable<Parameters<typeof findEntries>[3]>["progress"]>;

function search(
  options: FindCliOptions,
  conditions: FindConditions,
  { repository, signal }: OpenedEngine,
  snapshots: readonly StoredSnapshot[],
  progress: Listener,
): Promise<FindResult> {
  const { patterns } = options;
  const context = { signal, progress };
  if (byId(options)) {
    const objects = {
      blobs: options.blob === true ? patterns : [],
      trees: options.tree === true ? patterns : [],
      packs: options.pack === true ? patterns : [],
    };
    return findObjects(repository, snapshots, objects, context);
  }
  const names = { ...conditions, patterns, ignoreCase: options.ignoreCase === true };
  return findEntries(repository, snapshots, names, context);
}

const byId = (options: FindCliOptions): boolean =>
  options.blob === true || options.tree === true || options.pack === true;

function checkRequest(options: FindCliOptions): void {
  if (options.patterns.length === 0) throw badOption("wrong number of arguments");
  const kinds = [options.blob, options.tree, options.pack].filter((kind) => kind === true);
  if (kinds.length > 1) {
    throw badOption("cannot have several ID types, use one of --blob, --tree, --pack");
  }
  if (options.showPackId === true && options.blob !== true && options.tree !== true) {
    throw badOption("--show-pack-id needs --blob or --tree");
  }
}

function showPacks(options: FindCliOptions, { repository }: OpenedEngine, context: CliContext) {
  const { printer } = context;
  const type = options.blob === true ? "data" : "tree";
  for (const text of options.patterns) {
    const id = parseId(text);
    const packs = id ? packsOf(repository, type, idToBytes(id)) : [];
    if (packs.length === 0) printer.message(`Object ${text} not found in the index`);
    for (const { pack, offset, length } of packs) {
      printer.message(`Object belongs to pack ${pack}`);
      printer.message(` ... Pack ${pack.slice(0, 8)}: ${length} bytes from byte ${offset}`);
    }
  }
}
