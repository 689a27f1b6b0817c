/** Shows a restore while it runs and when it is done; text or JSON by the printer. */
import type { CliContext } from "#cli/context.ts";
import { startProgress, type ProgressDisplay } from "#cli/progress/progress-display.ts";
import { errorJson, itemJson, statusJson, summaryJson } from "#cli/restore/restore-json.ts";
import { formatBytes, formatSeconds } from "#cli/text/format-human.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type {
  RestoreCounters,
  RestoreEvent,
  RestorePhase,
  RestoreResult,
} from "#operations/restore/options.ts";

/** What is shown below the figures where no file is named. */
const PHASES: Readonly<Record<RestorePhase, string>> = {
  select: "choosing what to restore",
  folders: "creating folders",
  compare: "comparing with existing files",
  content: "writing contents",
  links: "creating links",
  delete: "deleting what the snapshot lacks",
  metadata: "setting owners, times and modes",
  verify: "verifying",
};

const NOTHING: Readonly<RestoreCounters> = {
  totalFiles: 0,
  filesRestored: 0,
  filesSkipped: 0,
  filesDeleted: 0,
  totalBytes: 0,
  bytesRestored: 0,
  bytesSkipped: 0,
};

export class RestoreReport {
  readonly #context: CliContext;
  readonly #display: ProgressDisplay;
  #counters = NOTHING;
  #phase: RestorePhase = "select";
  #errors = 0;

  constructor(context: CliContext) {
    this.#context = context;
    this.#display = startProgress(context.io, context.printer, context.settings, {
      noun: () => "files/dirs",
      state: () => ({
        filesDone: this.#counters.filesRestored,
        bytesDone: this.#counters.bytesRestored,
        filesTotal: this.#counters.totalFiles,
        bytesTotal: this.#counters.totalBytes,
        errors: this.#errors,
        current: [PHASES[this.#phase]],
      }),
      json: ({ elapsed }) => statusJson(this.#counters, elapsed),
    });
  }

  /** Listener of the operation. */
  event(event: RestoreEvent): void {
    const { printer } = this.#context;
    switch (event.kind) {
      case "status":
        this.#counters = { ...event.counters };
        break;
      case "phase":
        this.#phase = event.phase;
        break;
      case "item":
        if (printer.json) printer.jsonLine(itemJson(event));
        else printer.trace(itemLine(event));
        break;
      case "error":
        this.#errors++;
        if (printer.json) printer.jsonError(errorJson(event));
        else {
          const message = terminalText(event.error.message);
          printer.error(`ignoring error for ${terminalText(event.item)}: ${message}`);
        }
        break;
      case "warning":
        printer.error(`warning: ${terminalText(event.message)}`);
        break;
    }
  }

  /** Removes the progress line; on every way out. */
  stop(): void {
    this.#display.stop();
  }

  /** The summary. */
  finish(result: RestoreResult): void {
    const { printer } = this.#context;
    if (printer.json) printer.jsonLine(summaryJson(result, result.seconds));
    else if (printer.verbosity >= 1) printer.message(summaryLine(result));
  }
}

function itemLine(event: Extract<RestoreEvent, { kind: "item" }>): string {
  const line = `${event.action.padEnd(9)} ${terminalText(event.item)}`;
  const sized = event.action !== "deleted" && event.size > 0;
  return sized ? `${line} with size ${formatBytes(event.size)}` : line;
}

function summaryLine(result: RestoreResult): string {
  const time = formatSeconds(result.seconds);
  const { totalFiles, filesRestored, totalBytes, bytesRestored } = result;
  const whole = filesRestored === totalFiles && bytesRestored === totalBytes;
  let line = whole
    ? `Summary: Restored ${totalFiles} files/dirs (${formatBytes(totalBytes)}) in ${time}`
    : `Summary: Restored ${filesRestored} / ${totalFiles} files/dirs ` +
      `(${formatBytes(bytesRestored)} / ${formatBytes(totalBytes)}) in ${time}`;
  if (result.filesSkipped > 0) {
    line += `, skipped ${result.filesSkipped} files/dirs ${formatBytes(result.bytesSkipped)}`;
  }
  if (result.filesDeleted > 0) line += `, deleted ${result.filesDeleted} files/dirs`;
  return line;
}
