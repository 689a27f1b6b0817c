/** The progress display as text: one line of figures, then what is being worked on. Pure. */
import { secondsLeft, type ProgressState } from "#cli/progress/progress-state.ts";
import { cellWidth, truncateCells, truncateCellsStart } from "#cli/text/cell-width.ts";
import { formatBytes, formatPercent, formatSeconds } from "#cli/text/format-human.ts";

/** At most this many names are shown below the figures. */
const MAX_CURRENT = 3;

export interface LineContext {
  readonly elapsedSeconds: number;
  readonly bytesPerSecond: number;
  /** What the counted things are called: `files`, `files/dirs`, `packs`. */
  readonly noun: string;
}

/**
 * `[0:12] 37.50%  1200 files 3.000 GiB, total 4000 files 8.000 GiB, 250.000 MiB/s, 0 errors ETA
 * 0:20` Parts that do not fit into `columns` are left out, least important first.
 */
export function progressLines(
  state: ProgressState,
  context: LineContext,
  columns: number | undefined,
): string[] {
  // A full last column makes some terminals wrap.
  const width = columns === undefined ? Number.MAX_SAFE_INTEGER : Math.max(1, columns - 1);
  const lines = [fitFigures(state, context, width)];
  for (const name of state.current.slice(0, MAX_CURRENT)) {
    lines.push(`  ${truncateCellsStart(name, Math.max(1, width - 2))}`);
  }
  return columns === undefined ? lines.slice(0, 1) : lines;
}

function fitFigures(state: ProgressState, context: LineContext, width: number): string {
  for (const line of figureVariants(state, context)) if (cellWidth(line) <= width) return line;
  return truncateCells(figureVariants(state, context).at(-1)!, width);
}

/** The same figures in ever shorter forms. */
function figureVariants(state: ProgressState, context: LineContext): string[] {
  const { noun } = context;
  const time = `[${formatSeconds(context.elapsedSeconds)}]`;
  const left = secondsLeft(state, context.bytesPerSecond);
  const eta = left === undefined ? "" : ` ETA ${formatSeconds(left)}`;
  const errors = `${state.errors} errors`;
  const speed =
    context.bytesPerSecond > 0 ? `, ${formatBytes(Math.round(context.bytesPerSecond))}/s` : "";
  const done = `${state.filesDone} ${noun} ${formatBytes(state.bytesDone)}`;
  if (state.bytesTotal === undefined || state.filesTotal === undefined) {
    return [
      `${time} ${done}${speed}, ${errors}`,
      `${time} ${done}, ${errors}`,
      `${time} ${formatBytes(state.bytesDone)}`,
    ];
  }
  const percent = formatPercent(state.bytesDone, state.bytesTotal);
  const shown = percent === "" ? "" : `${percent}  `;
  const total = `total ${state.filesTotal} ${noun} ${formatBytes(state.bytesTotal)}`;
  return [
    `${time} ${shown}${done}, ${total}${speed}, ${errors}${eta}`,
    `${time} ${shown}${done}, ${total}, ${errors}${eta}`,
    `${time} ${shown}${done}${speed}, ${errors}${eta}`,
    `${time} ${shown}${formatBytes(state.bytesDone)}, ${errors}${eta}`,
    `${time} ${percent}${eta}`,
  ];
}
