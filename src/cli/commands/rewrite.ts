/** `rewrite`: snapshots without some files, or with another host or time. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { parseLocalTime } from "#cli/parse/local-time.ts";
import { collectPatterns } from "#cli/pattern-options.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { describeSnapshot } from "#cli/snapshot-table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import {
  type RewriteEvent,
  type RewriteOptions,
  type RewritePatterns,
  rewriteSnapshots,
} from "#operations/rewrite/rewrite.ts";

export interface RewriteCliOptions extends FilterOptions {
  readonly ids: readonly string[];
  readonly dryRun?: true | undefined;
  readonly forget?: true | undefined;
  readonly snapshotSummary?: true | undefined;
  readonly newHost?: string | undefined;
  readonly newTime?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly iexclude?: readonly string[] | undefined;
  readonly excludeFile?: readonly string[] | undefined;
  readonly iexcludeFile?: readonly string[] | undefined;
  readonly include?: readonly string[] | undefined;
  readonly iinclude?: readonly string[] | undefined;
  readonly includeFile?: readonly string[] | undefined;
  readonly iincludeFile?: readonly string[] | undefined;
}

/** restic's default target size of packs. */
const PACK_SIZE = 16 * 1024 * 1024;

export async function run(options: RewriteCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const plan = await planRewrite(options, context);
  const lock = plan.forget && !plan.dryRun ? "exclusive" : "shared";
  await using session = await openSession(context, { lock, loadIndex: true });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(session, options.ids, filter, context);
  const result = await rewriteSnapshots(repository, snapshots, plan, {
    signal,
    progress: (event) => report(event, plan, context),
  });
  if (printer.json) {
    printer.jsonLine({
      message_type: "summary",
      dry_run: plan.dryRun,
      modified_snapshots: result.modified,
      unmodified_snapshots: result.unchanged,
      emptied_snapshots: result.emptied,
    });
  } else if (result.modified === 0) {
    printer.message(`\nno snapshots ${plan.dryRun ? "would be" : "were"} modified`);
  } else {
    const verb = plan.dryRun ? "would modify" : "modified";
    printer.message(`\n${verb} ${result.modified} snapshots`);
  }
  return damaged || result.emptied > 0 ? 1 : 0;
}

async function planRewrite(
  options: RewriteCliOptions,
  { io, settings }: CliContext,
): Promise<RewriteOptions> {
  const patterns = async (kind: "exclude" | "include"): Promise<RewritePatterns | undefined> => {
    const plain = await collectPatterns(kind, options[kind], options[`${kind}File`], io);
    const insensitive = await collectPatterns(
      `i${kind}`,
      options[`i${kind}`],
      options[`i${kind}File`],
      io,
    );
    if (plain.length + insensitive.length === 0) return undefined;
    return { patterns: plain, insensitivePatterns: insensitive };
  };
  const exclude = await patterns("exclude");
  const include = await patterns("include");
  if (exclude && include) throw badOption("exclude and include patterns are mutually exclusive");
  const { newHost, newTime } = options;
  const summary = options.snapshotSummary === true;
  if (!exclude && !include && newHost === undefined && newTime === undefined && !summary) {
    throw badOption("Nothing to do: no includes/excludes provided and no new metadata provided");
  }
  return {
    exclude,
    include,
    newHost,
    newTime: newTime === undefined ? undefined : parseLocalTime("--new-time", newTime, io.clock),
    summary,
    forget: options.forget === true,
    dryRun: options.dryRun === true,
    packSize: settings.packSizeBytes ?? PACK_SIZE,
  };
}

function report(event: RewriteEvent, plan: RewriteOptions, { printer }: CliContext): void {
  switch (event.kind) {
    case "snapshot":
      printer.message(`\n${describeSnapshot(event.snapshot)}`);
      break;
    case "excluded":
      printer.message(`excluding ${terminalText(event.path)}`);
      break;
    case "unchanged":
      printer.detail("not modified");
      break;
    case "emptied":
      printer.error(
        `snapshot ${event.snapshot.id.slice(0, 8)} would be empty; it was left as it is`,
      );
      break;
    case "removed":
      printer.message(`removed old snapshot ${event.snapshot.id.slice(0, 8)}`);
      break;
    case "rewritten":
      reportRewritten(event, plan, { printer });
      break;
  }
}

function reportRewritten(
  { snapshot, id, tree }: RewriteEvent & { readonly kind: "rewritten" },
  plan: RewriteOptions,
  { printer }: Pick<CliContext, "printer">,
): void {
  const old = snapshot.id.slice(0, 8);
  if (printer.json) {
    printer.jsonLine({
      message_type: "changed",
      old_snapshot_id: snapshot.id,
      new_snapshot_id: id,
      entries_removed: tree.removed,
    });
    return;
  }
  if (id !== undefined) {
    printer.message(`saved new snapshot ${id.slice(0, 8)} in place of ${old}`);
    return;
  }
  printer.message(`would save a new snapshot in place of ${old}`);
  if (plan.forget) printer.message(`would remove old snapshot ${old}`);
}
