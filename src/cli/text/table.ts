/** Plain-text tables laid out as restic's: two spaces between columns, rules of dashes. */
import { cellWidth, padCells } from "#cli/text/cell-width.ts";

export interface TableText {
  /** Header texts; trailing spaces count for the width. */
  readonly columns: readonly string[];
  /** One text per column; line breaks make taller rows. */
  readonly rows: readonly (readonly string[])[];
  readonly footer?: readonly string[];
  /** An empty line between rows. */
  readonly spaced?: boolean;
}

/** The table as text ending in a line break. Cells must be safe for the terminal already. */
export function renderTable(table: TableText): string {
  const widths = table.columns.map((column, i) =>
    table.rows
      .flatMap((row) => row[i]!.split("\n"))
      .reduce((width, line) => Math.max(width, cellWidth(line)), cellWidth(column)),
  );
  const total = widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
  const rule = "-".repeat(total);
  const lines = [...renderRow(table.columns, widths), rule];
  table.rows.forEach((row, i) => {
    if (table.spaced === true && i > 0) lines.push("");
    lines.push(...renderRow(row, widths));
  });
  lines.push(rule, ...(table.footer ?? []));
  return `${lines.join("\n")}\n`;
}

function renderRow(cells: readonly string[], widths: readonly number[]): string[] {
  const columns = cells.map((cell) => cell.split("\n"));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, i) => padCells(lines[line] ?? "", widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}
