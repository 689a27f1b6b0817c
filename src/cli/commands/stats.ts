/** `stats`: sizes, by four ways of counting. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { parseChoice } from "#cli/parse/sizes.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { formatBytes } from "#cli/text/format-human.ts";
import { unlessZero, type JsonValue } from "#cli/text/json-text.ts";
import { computeStats, type StatsMode, type StatsResult } from "#operations/stats.ts";

export interface StatsOptions extends FilterOptions {
  readonly ids: readonly string[];
  readonly mode: string;
}

const MODES: readonly StatsMode[] = [
  "restore-size",
  "files-by-contents",
  "blobs-per-file",
  "raw-data",
];

/** Counts the chosen snapshots; 1 when some could not be read. */
export async function run(options: StatsOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const mode = parseChoice("--mode", options.mode, MODES);
  await using session = await openSession(context, { lock: "shared", loadIndex: true });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(session, options.ids, filter, context);
  if (!printer.json) printer.result("scanning...");
  const result = await computeStats(repository, snapshots, mode, {
    signal,
    progress: ({ snapshotsDone, treesRead }) =>
      printer.status([`${snapshotsDone} / ${snapshots.length} snapshots, ${treesRead} trees`]),
  });
  printer.status([]);
  if (printer.json) printer.jsonLine(statsJson(result));
  else for (const line of statsLines(result, mode)) printer.result(line);
  return damaged ? 1 : 0;
}

/** Fields in restic's order, those that a mode does not count left out. */
export function statsJson(result: StatsResult): JsonValue {
  return {
    total_size: result.totalSize,
    total_uncompressed_size: unlessZero(result.totalUncompressedSize),
    compression_ratio: unlessZero(result.compressionRatio),
    compression_progress: unlessZero(result.compressionProgress),
    compression_space_saving: unlessZero(result.compressionSpaceSaving),
    total_file_count: unlessZero(result.totalFileCount),
    total_blob_count: unlessZero(result.totalBlobCount),
    snapshots_count: result.snapshotsCount,
  };
}

function statsLines(result: StatsResult, mode: StatsMode): string[] {
  const rows: [string, string | undefined][] = [
    ["Snapshots processed", String(result.snapshotsCount)],
    ["Total Blob Count", positive(result.totalBlobCount, String)],
    ["Total File Count", positive(result.totalFileCount, String)],
    ["Total Uncompressed Size", positive(result.totalUncompressedSize, formatBytes)],
    ["Total Size", formatBytes(result.totalSize)],
    ["Compression Progress", positive(result.compressionProgress, (n) => `${n.toFixed(2)}%`)],
    ["Compression Ratio", positive(result.compressionRatio, (n) => `${n.toFixed(2)}x`)],
    [
      "Compression Space Saving",
      positive(result.compressionSpaceSaving, (n) => `${n.toFixed(2)}%`),
    ],
  ];
  return [
    `Stats in ${mode} mode:`,
    ...rows.flatMap(([label, value]) =>
      value === undefined ? [] : [`${label.padStart(24)}:  ${value}`],
    ),
  ];
}

function positive(value: number | undefined, format: (n: number) => string): string | undefined {
  return value === undefined || value === 0 ? undefined : format(value);
}
