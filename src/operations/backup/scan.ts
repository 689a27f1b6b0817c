/**
 * Counts the files and bytes of the sources, so that progress can say a percentage. Runs beside the
 * backup in short stretches; what it cannot read it leaves to the backup to report.
 */
import { CofferError } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { Exclusion } from "#operations/backup/exclusion.ts";
import type { BackupEvent, BackupOptions } from "#operations/backup/options.ts";
import { joinPath, type RawPath } from "#operations/backup/raw-path.ts";
import type { SourceTree } from "#platform/source-tree.ts";
import type { Clock } from "#base/clock.ts";

/** Longest stretch without letting others run. */
const STRETCH_MS = 10;
/** Between two reports. */
const REPORT_MS = 500;

/** Resolves when all is counted or the signal fired; never rejects for source errors. */
export async function scanSources(
  source: SourceTree,
  clock: Clock,
  options: BackupOptions,
  devices: readonly bigint[],
  context: OperationContext<BackupEvent>,
): Promise<void> {
  const { signal, progress } = context;
  const exclusion = new Exclusion(options.exclude, devices, source);
  const folders: RawPath[] = [];
  let files = 0;
  let bytes = 0;
  const count = (path: RawPath, explicit: boolean): void => {
    if (!explicit && exclusion.excludesPath(path)) return;
    const meta = tryRead(() => source.lstat(path));
    if (!meta || (!explicit && exclusion.excludesEntry(meta, true))) return;
    if (meta.type === "dir") folders.push(path);
    else if (meta.type === "file") {
      files++;
      bytes += meta.size;
    }
  };
  for (const { path } of options.sources) count(path, true);
  let began = clock.monotonicMs();
  let reported = began;
  for (let folder = folders.pop(); folder && !signal?.aborted; folder = folders.pop()) {
    const names = tryRead(() => source.list(folder!)) ?? [];
    for (const name of exclusion.filterNames(folder, names)) {
      count(joinPath(folder, name), false);
      const now = clock.monotonicMs();
      if (now - began < STRETCH_MS) continue;
      if (now - reported >= REPORT_MS) {
        progress?.({ kind: "scanned", files, bytes, done: false });
        reported = now;
      }
      await clock.sleep(0, signal).catch(() => undefined);
      began = clock.monotonicMs();
      if (signal?.aborted) return;
    }
  }
  if (!signal?.aborted) progress?.({ kind: "scanned", files, bytes, done: true });
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CofferError) throw error;
    return undefined;
  }
}
