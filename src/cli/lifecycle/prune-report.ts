/** Shows a prune while it runs, its plan and what it did; text as restic's, or JSON. */
import type { CliContext } from "#cli/context.ts";
import { startProgress, type ProgressDisplay } from "#cli/progress/progress-display.ts";
import type { ProgressState } from "#cli/progress/progress-state.ts";
import type { JsonValue } from "#cli/text/json-text.ts";
import { formatBytes, formatPercent } from "#cli/text/format-human.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type {
  Amount,
  PruneEvent,
  PrunePlan,
  PruneResult,
  PruneStage,
  PruneStats,
} from "#operations/prune/prune-types.ts";

/** restic's line at the beginning of a stage, and what is counted. */
const STAGES: Readonly<Record<PruneStage, readonly [line: string, noun: string]>> = {
  snapshots: ["loading all snapshots...", "snapshots"],
  index: ["loading indexes...", "index files"],
  trees: ["finding data that is still in use", "trees"],
  packs: ["searching used packs...", "packs"],
  "remove-unindexed": ["removing unindexed packs", "packs"],
  repack: ["repacking packs", "packs"],
  "rewrite-index": ["rebuilding index", "index files"],
  "remove-index": ["removing old index files", "index files"],
  "remove-packs": ["removing old packs", "packs"],
};

type Progress = Extract<PruneEvent, { kind: "progress" }>;

/** One per prune; stop it on every way out. */
export class PruneReport {
  readonly #context: CliContext;
  readonly #display: ProgressDisplay;
  #at: Progress | undefined;
  #errors = 0;

  constructor(context: CliContext) {
    this.#context = context;
    this.#display = startProgress(context.io, context.printer, context.settings, {
      noun: () => STAGES[this.#at?.stage ?? "snapshots"][1],
      state: () => this.#state(),
    });
  }

  #state(): ProgressState {
    const at = this.#at;
    return {
      filesDone: at?.done ?? 0,
      bytesDone: at?.bytes ?? 0,
      filesTotal: at?.total,
      bytesTotal: at?.totalBytes,
      errors: this.#errors,
      current: [],
    };
  }

  /** Listener of the operation. */
  event(event: PruneEvent): void {
    const { printer } = this.#context;
    if (event.kind === "pack-left") {
      this.#errors++;
      const reason = terminalText(event.error.message);
      printer.error(`pack ${event.id.slice(0, 8)} could not be removed: ${reason}`);
      return;
    }
    if (event.stage !== this.#at?.stage) printer.message(STAGES[event.stage][0]);
    this.#at = event;
  }

  /** Removes the progress line; on every way out. */
  stop(): void {
    this.#display.stop();
  }

  /** The plan's figures as text. */
  plan({ stats, unindexed }: PrunePlan): void {
    const { printer } = this.#context;
    const toDelete = plus(stats.remove, { blobs: 0, bytes: stats.unindexedBytes });
    printer.message("");
    if (unindexed.length > 0) printer.message(`unindexed packs:   ${unindexed.length}`);
    printer.message(`to repack:         ${amount(stats.repack)}`);
    printer.message(`this removes:      ${amount(stats.repackRemove)}`);
    printer.message(`to delete:         ${amount(toDelete)}`);
    printer.message(`total prune:       ${amount(plus(toDelete, stats.repackRemove))}`);
    if (stats.uncompressedBytes > 0) {
      printer.message(`not yet compressed:           ${formatBytes(stats.uncompressedBytes)}`);
    }
    printer.message(`remaining:         ${amount(stats.remaining)}`);
    const share = formatPercent(stats.unusedAfter.bytes, stats.remaining.bytes) || "0.00%";
    const size = formatBytes(stats.unusedAfter.bytes);
    printer.message(`unused size after prune: ${size} (${share} of remaining size)`);
    printer.message("");
    printer.detail(`packs to keep:     ${stats.packs.keep}`);
    printer.detail(`packs to repack:   ${stats.packs.repack}`);
    printer.detail(`packs to delete:   ${stats.packs.remove + stats.packs.unindexed}`);
  }

  /** What was done; `result` is absent for a dry run. */
  finish(plan: PrunePlan, result: PruneResult | undefined): void {
    const { printer } = this.#context;
    if (printer.json) {
      printer.jsonLine(summaryJson(plan, result));
      return;
    }
    if (result && result.packsLeft.length > 0) {
      printer.message(`${result.packsLeft.length} packs are left for the next run`);
    }
    printer.message(result ? "done" : "would have made these changes");
  }
}

function amount({ blobs, bytes }: Amount): string {
  return `${String(blobs).padStart(10)} blobs / ${formatBytes(bytes)}`;
}

function plus(a: Amount, b: Amount): Amount {
  return { blobs: a.blobs + b.blobs, bytes: a.bytes + b.bytes };
}

/** One line: the plan with its packs, and what came of it. */
export function summaryJson(plan: PrunePlan, result: PruneResult | undefined): JsonValue {
  return {
    message_type: "prune_summary",
    dry_run: result === undefined,
    plan: {
      stats: statsJson(plan.stats),
      unindexed_packs: plan.unindexed,
      repacked_packs: plan.repack.map(({ id }) => id),
      removed_packs: plan.remove,
      forgotten_packs: plan.forget,
    },
    packs_written: result?.packsWritten,
    packs_removed: result?.packsRemoved,
    index_files_written: result?.indexFilesWritten,
    index_files_removed: result?.indexFilesRemoved,
    packs_left: result?.packsLeft,
  };
}

function statsJson(stats: PruneStats): JsonValue {
  const { used, duplicate, unused, remove, repack, repackRemove, unusedAfter, remaining } = stats;
  const pair = ({ blobs, bytes }: Amount): JsonValue => ({ blobs, bytes });
  return {
    used: pair(used),
    duplicate: pair(duplicate),
    unused: pair(unused),
    remove: pair(remove),
    repack: pair(repack),
    repack_remove: pair(repackRemove),
    unused_after: pair(unusedAfter),
    remaining: pair(remaining),
    unindexed_bytes: stats.unindexedBytes,
    uncompressed_bytes: stats.uncompressedBytes,
    packs: { ...stats.packs, partly_used: stats.packs.partlyUsed, partlyUsed: undefined },
  };
}
