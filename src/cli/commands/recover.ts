/** `recover`: a snapshot of what no snapshot refers to. */
import type { CliContext } from "#cli/context.ts";
import { runRepairIndex } from "#cli/lifecycle/run-repair-index.ts";
import { openSession } from "#cli/open-session.ts";
import { packSettings } from "#cli/parse/prune-options.ts";
import { warnBroken } from "#cli/select-snapshots.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { PROGRAM_VERSION } from "#engine/program-version.ts";
import { recover, type RecoverEvent } from "#operations/recover.ts";
import { loadIndex } from "#repository/load-index.ts";
import { loadSnapshots } from "#repository/snapshots.ts";

export interface RecoverCliOptions {
  readonly dryRun?: true | undefined;
}

export async function run(options: RecoverCliOptions, context: CliContext): Promise<number> {
  const { printer, settings, io } = context;
  const dryRun = options.dryRun === true;
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const { repository, signal } = session;
  await runRepairIndex(context, session, { dryRun });
  const { snapshots, broken } = await loadSnapshots(repository, { signal });
  warnBroken(broken, context);
  await loadIndex(repository, { signal });
  const tell = (event: RecoverEvent): void => {
    if (event.kind === "progress") return;
    const reason = terminalText(event.error.message);
    printer.error(`tree ${event.tree.slice(0, 8)} cannot be read: ${reason}`);
  };
  const { hostname, username, uid, gid } = io.host;
  const programVersion = PROGRAM_VERSION;
  const settled = packSettings(settings);
  const facts = { settings: settled, hostname, username, uid, gid, programVersion, dryRun };
  const result = await recover(repository, snapshots, facts, { signal, progress: tell });
  if (printer.json) {
    const { roots, snapshotId } = result;
    printer.jsonLine({ message_type: "summary", roots, snapshot_id: snapshotId });
  }
  printer.message("");
  printer.message(`found ${result.roots.length} unreferenced roots`);
  if (result.snapshotId) printer.message(`saved new snapshot ${result.snapshotId.slice(0, 8)}`);
  else printer.message("no snapshot to write.");
  return 0;
}
