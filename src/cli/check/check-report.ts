/** Shows a check while it runs and what it found; text or JSON by the printer. */
import type { CliContext } from "#cli/context.ts";
import { startProgress, type ProgressDisplay } from "#cli/progress/progress-display.ts";
import type { ProgressState } from "#cli/progress/progress-state.ts";
import type { JsonValue } from "#cli/text/json-text.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type {
  CheckedObject,
  CheckError,
  CheckEvent,
  CheckResult,
  CheckStage,
} from "#operations/check/check-types.ts";

/** restic's line at the beginning of a stage, where it has one. */
const STAGE_LINES: Readonly<Record<CheckStage, string | undefined>> = {
  files: "check keys, snapshots and index files",
  indexes: "load indexes",
  packs: "check all packs",
  trees: "check snapshots, trees and blobs",
  data: "read data",
  harm: "find out what the damage harms",
};

const STAGE_NOUNS: Readonly<Record<CheckStage, string>> = {
  files: "files",
  indexes: "index files",
  packs: "packs",
  trees: "trees",
  data: "packs",
  harm: "trees",
};

/** Snapshots and paths named for each damaged object; --json and -v have no fewer. */
const SHOWN = 5;

/** One per check: a listener, then {@link finish}; stop it on every way out. */
export class CheckReport {
  readonly #context: CliContext;
  readonly #display: ProgressDisplay;
  #stage: CheckStage | undefined;
  #progress: Extract<CheckEvent, { kind: "progress" }> | undefined;
  #errors = 0;

  constructor(context: CliContext) {
    this.#context = context;
    this.#display = startProgress(context.io, context.printer, context.settings, {
      noun: () => STAGE_NOUNS[this.#stage ?? "files"],
      state: () => this.#state(),
    });
  }

  #state(): ProgressState {
    const at = this.#progress;
    return {
      filesDone: at?.done ?? 0,
      bytesDone: at?.bytes ?? 0,
      filesTotal: at?.total,
      // Without bytes the share of objects stands in, so that a percentage can be shown.
      bytesTotal: at?.totalBytes,
      errors: this.#errors,
      current: [],
    };
  }

  /** Listener of the operation. */
  event(event: CheckEvent): void {
    const { printer } = this.#context;
    switch (event.kind) {
      case "progress":
        if (event.stage !== this.#stage) {
          this.#stage = event.stage;
          const line = STAGE_LINES[event.stage];
          if (line !== undefined) printer.message(line);
        }
        this.#progress = event;
        break;
      case "error":
        this.#errors++;
        this.#error(event.error);
        break;
      case "remark":
        printer.detail(`${objectName(event.remark.object)}: ${terminalText(event.remark.message)}`);
        break;
    }
  }

  #error({ object, message }: Omit<CheckError, "harm">): void {
    const { printer } = this.#context;
    const text = `${objectName(object)}: ${terminalText(message)}`;
    if (printer.json) printer.jsonError({ message_type: "error", message: text });
    else printer.error(`error: ${text}`);
  }

  /** Removes the progress line; on every way out. */
  stop(): void {
    this.#display.stop();
  }

  /** What was found, and what it harms. */
  finish(result: CheckResult): void {
    const { printer } = this.#context;
    if (printer.json) {
      printer.jsonLine(summaryJson(result));
      return;
    }
    for (const error of result.errors) for (const line of harmLines(error)) printer.error(line);
    if (result.suggestRepairIndex) {
      printer.message("The index holds entries twice or packs that are missing from it.");
    }
    if (result.suggestPrune) {
      printer.message(
        `${result.remarkCount} remarks: files that nothing needs; harmless, they only take space.`,
      );
    }
    if (result.packsRead > 0) printer.detail(`${result.packsRead} packs were read`);
    if (result.errorCount === 0) printer.message("no errors were found");
  }
}

/** `pack 73d04e61` with its full id, which repairs need. */
function objectName({ kind, id }: CheckedObject): string {
  return kind === "config" ? "config" : `${kind} ${terminalText(id)}`;
}

function harmLines({ object, harm }: CheckError): string[] {
  if (harm.snapshotCount === 0 && harm.pathCount === 0) return [];
  const snapshots = harm.snapshots.slice(0, SHOWN).map((id) => id.slice(0, 8));
  const lines = [
    `${objectName(object)} harms ${harm.snapshotCount} snapshots: ` +
      listed(snapshots, harm.snapshotCount),
  ];
  for (const path of harm.paths.slice(0, SHOWN)) lines.push(`  ${terminalText(path)}`);
  const rest = harm.pathCount - Math.min(SHOWN, harm.paths.length);
  if (rest > 0) lines.push(`  and ${rest} more places`);
  return lines;
}

function listed(shown: readonly string[], count: number): string {
  const rest = count - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** Fields as restic's; no broken packs is null. */
export function summaryJson(result: CheckResult): JsonValue {
  return {
    message_type: "summary",
    num_errors: result.errorCount,
    broken_packs: result.brokenPacks.length === 0 ? null : result.brokenPacks,
    suggest_repair_index: result.suggestRepairIndex,
    suggest_prune: result.suggestPrune,
  };
}
