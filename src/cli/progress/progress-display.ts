/**
 * Shows progress of any operation: a live line on a terminal, a line a minute or none elsewhere,
 * JSON status lines with --json. It asks for the state when it is time to show it; operations only
 * count.
 */
import type { CliIo } from "#cli/cli-io.ts";
import type { Printer } from "#cli/printer.ts";
import { progressLines } from "#cli/progress/progress-line.ts";
import { RateEstimator, secondsLeft, type ProgressState } from "#cli/progress/progress-state.ts";
import type { Settings } from "#cli/settings.ts";
import type { JsonValue } from "#cli/text/json-text.ts";

/** restic's default of reports per second on a terminal and with --json. */
const DEFAULT_FPS = 60;
/** Nobody reads more on a terminal, and each costs a write. */
const TERMINAL_FPS = 10;

export interface ProgressSource {
  /** `files`, `files/dirs`, `packs`, … */
  noun(): string;
  state(): ProgressState;
  /** The operation's status line for --json; undefined when it has none. */
  json?(seconds: { readonly elapsed: number; readonly left: number | undefined }): JsonValue;
}

export interface ProgressDisplay {
  /** Removes the line and ends the timer. Call it on every way out. */
  stop(): void;
  readonly startedMs: number;
}

/**
 * Milliseconds between reports; undefined means only when asked for by signal. Without a terminal
 * nothing is reported unless PROGRESS_FPS says so, as restic does.
 */
export function reportInterval(
  settings: Pick<Settings, "json" | "quiet" | "progressFps">,
  isTerminal: boolean,
): number | undefined {
  if (settings.progressFps !== undefined) return 1000 / settings.progressFps;
  if (settings.quiet) return undefined;
  if (settings.json) return 1000 / DEFAULT_FPS;
  return isTerminal ? 1000 / TERMINAL_FPS : undefined;
}

/** Starts showing; the caller must stop it. */
export function startProgress(
  io: CliIo,
  printer: Printer,
  settings: Pick<Settings, "json" | "quiet" | "progressFps">,
  source: ProgressSource,
): ProgressDisplay {
  const startedMs = io.clock.monotonicMs();
  const rate = new RateEstimator();
  const show = (): void => {
    const now = io.clock.monotonicMs();
    const state = source.state();
    const bytesPerSecond = rate.update(now, state.bytesDone);
    const elapsedSeconds = (now - startedMs) / 1000;
    if (settings.json) {
      const left = secondsLeft(state, bytesPerSecond);
      const line = source.json?.({ elapsed: elapsedSeconds, left });
      if (line !== undefined) printer.jsonLine(line);
      return;
    }
    const context = { elapsedSeconds, bytesPerSecond, noun: source.noun() };
    const columns = io.stdout.isTerminal ? (io.stdout.columns() ?? 80) : undefined;
    const lines = progressLines(state, context, columns);
    if (io.stdout.isTerminal) printer.status(lines);
    else printer.message(lines[0]!);
  };
  const interval = reportInterval(settings, io.stdout.isTerminal);
  const stopTimer = interval === undefined ? undefined : io.every(interval, show);
  const stopRequests = io.onProgressRequest(show);
  return {
    startedMs,
    stop() {
      stopTimer?.();
      stopRequests();
      printer.status([]);
    },
  };
}
