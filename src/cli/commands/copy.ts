/** `copy`: snapshots from another repository into this one. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { type FromOptions, openSecondary } from "#cli/secondary-repository.ts";
import { selectSnapshots, warnBroken } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { describeSnapshot } from "#cli/snapshot-table.ts";
import { formatBytes, formatPercent } from "#cli/text/format-human.ts";
import { copySnapshots, type CopyEvent } from "#operations/copy/copy.ts";
import { loadSnapshots } from "#repository/snapshots.ts";

export interface CopyCliOptions extends FilterOptions, FromOptions {
  readonly ids: readonly string[];
  readonly dryRun?: true | undefined;
}

/** restic's default target size of packs. */
const PACK_SIZE = 16 * 1024 * 1024;

export async function run(options: CopyCliOptions, context: CliContext): Promise<number> {
  const { printer, settings } = context;
  const dryRun = options.dryRun === true;
  await using from = await openSecondary(options, context);
  await using to = await openSession(context, { lock: "shared", loadIndex: true, threads: "copy" });
  const signal = AbortSignal.any([from.signal, to.signal]);
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(from, options.ids, filter, context);
  const present = await loadSnapshots(to.repository, { signal });
  warnBroken(present.broken, context);
  const { chunkerPolynomial } = from.repository.config;
  if (chunkerPolynomial !== to.repository.config.chunkerPolynomial) {
    printer.message(
      "The repositories cut files differently: what is copied and what is backed up here later " +
        "will not share data. `coffer init --copy-chunker-params` avoids that.",
    );
  }
  const result = await copySnapshots(
    from,
    to,
    snapshots,
    present.snapshots,
    {
      packSize: settings.packSizeBytes ?? PACK_SIZE,
      compression: settings.compression,
      verify: settings.extraVerify,
      dryRun,
    },
    { signal, progress: (event) => report(event, context, dryRun) },
  );
  printer.status([]);
  if (printer.json) {
    printer.jsonLine({
      message_type: "summary",
      dry_run: dryRun,
      snapshots_copied: result.copied,
      snapshots_skipped: result.skipped,
      blobs: result.blobs,
      bytes: result.bytes,
      packs_taken_over: result.rawPacks,
    });
  } else {
    const amount = `${result.blobs} blobs, ${formatBytes(result.bytes)}`;
    printer.message(
      dryRun
        ? `would copy ${snapshots.length - result.skipped} snapshots: ${amount}`
        : `copied ${result.copied} snapshots, skipped ${result.skipped}: ${amount}`,
    );
  }
  return damaged ? 1 : 0;
}

function report(event: CopyEvent, context: CliContext, dryRun: boolean): void {
  const { printer } = context;
  switch (event.kind) {
    case "skipped":
      printer.detail(`\n${describeSnapshot(event.snapshot)}`);
      printer.detail(
        `skipping source snapshot ${event.snapshot.id.slice(0, 8)}, was already copied to ` +
          `snapshot ${event.as.id.slice(0, 8)}`,
      );
      break;
    case "trees":
      printer.status([`${event.done} trees read`]);
      break;
    case "batch": {
      const { snapshots, amount } = event;
      for (const snapshot of snapshots) printer.message(`\n${describeSnapshot(snapshot)}`);
      const verb = dryRun ? "would copy" : "copying";
      printer.message(`  ${verb} ${amount.blobs} blobs, ${formatBytes(amount.bytes)}`);
      break;
    }
    case "blobs": {
      const { done, total } = event;
      const percent = formatPercent(done.bytes, total.bytes);
      printer.status([`${percent}  ${formatBytes(done.bytes)} / ${formatBytes(total.bytes)}`]);
      break;
    }
    case "saved":
      if (printer.json) {
        const { snapshot, id } = event;
        printer.jsonLine({ message_type: "saved", source_snapshot: snapshot.id, snapshot_id: id });
      } else printer.message(`snapshot ${event.id.slice(0, 8)} saved`);
      break;
  }
}
