/** The snapshots that a command works on: those named, or all that match the filter. */
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { findSnapshot } from "#repository/find-snapshot.ts";
import { matchesFilter, type SnapshotFilter } from "#repository/snapshot-filter.ts";
import { loadSnapshots, type BrokenSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";

/**
 * Oldest first, each once. Snapshots that cannot be read are named on stderr.
 * @returns also whether any was unreadable, for the exit code
 * @throws UNKNOWN_SNAPSHOT, AMBIGUOUS_ID for a named one
 */
export async function selectSnapshots(
  { repository, signal }: Pick<OpenedEngine, "repository" | "signal">,
  names: readonly string[],
  filter: SnapshotFilter,
  { printer }: Pick<CliContext, "printer">,
): Promise<{ readonly snapshots: StoredSnapshot[]; readonly damaged: boolean }> {
  const chosen = new Map<string, StoredSnapshot>();
  const broken = new Map<string, BrokenSnapshot>();
  if (names.length === 0) {
    const loaded = await loadSnapshots(repository, { signal });
    for (const snapshot of loaded.snapshots) {
      if (matchesFilter(snapshot, filter)) chosen.set(snapshot.id, snapshot);
    }
    for (const each of loaded.broken) broken.set(each.id, each);
  }
  for (const name of names) {
    const found = await findSnapshot(repository, name, filter, { signal });
    chosen.set(found.snapshot.id, found.snapshot);
    for (const each of found.broken) broken.set(each.id, each);
  }
  warnBroken([...broken.values()], { printer });
  return { snapshots: [...chosen.values()], damaged: broken.size > 0 };
}

/** Names each snapshot that could not be read: it may be the one that matters. */
export function warnBroken(
  broken: readonly BrokenSnapshot[],
  { printer }: Pick<CliContext, "printer">,
): void {
  for (const { id, error } of broken) {
    printer.error(`snapshot ${id.slice(0, 8)} cannot be read: ${terminalText(error.message)}`);
  }
}
