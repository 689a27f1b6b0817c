/** Tables of a benchmark, and their place in docs/performance.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { median, type Measurement } from "./measure.ts";
import { ROOT, type Tool } from "./tools.ts";

export interface Row {
  readonly input: string;
  readonly phase: string;
  readonly results: ReadonlyMap<string, readonly Measurement[]>;
}

export function machineText(tools: readonly Tool[], seed: string, runs: number): string {
  const processors = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `Machine: ${processors.length} × ${processors[0]?.model ?? "?"}, ${gib} GiB, Node ${process.versions.node}.`,
    `Versions: ${tools.map((tool) => tool.version).join("; ")}.`,
    `Seed "${seed}", ${runs} interleaved runs, medians; ratios above 1 mean that Coffer is faster or leaner.`,
  ].join("\n");
}

export function rowsText(rows: readonly Row[]): string {
  const lines: string[] = [];
  let input = "";
  for (const row of rows) {
    if (row.input !== input) {
      input = row.input;
      const names = [...row.results.keys()];
      const head = names.flatMap((name) => [`${name} s`, `${name} MB`]);
      const others = names.slice(1).flatMap((name) => [`speed ÷ ${name}`, `memory ÷ ${name}`]);
      lines.push("", `### ${input}`, "", `| | ${[...head, ...others].join(" | ")} |`);
      lines.push(`|---|${"---:|".repeat(head.length + others.length)}`);
    }
    lines.push(rowText(row));
  }
  return lines.join("\n").trim();
}

function rowText({ phase, results }: Row): string {
  const wall = (list: readonly Measurement[]): number => median(list.map((one) => one.wallS));
  const peak = (list: readonly Measurement[]): number => median(list.map((one) => one.peakMb));
  const [ours, ...others] = [...results.values()];
  const cells: string[] = [];
  for (const list of results.values()) cells.push(wall(list).toFixed(2), peak(list).toFixed(0));
  for (const other of others) {
    cells.push(
      `**${(wall(other) / wall(ours!)).toFixed(2)}**`,
      (peak(ours!) / peak(other)).toFixed(2),
    );
  }
  return `| ${phase} | ${cells.join(" | ")} |`;
}

const BEGIN = "<!-- bench: made by npm run bench -- --write -->";
const END = "<!-- bench end -->";

/** Replaces the tables between the marks; all else in the page is written by people. */
export function writeDocument(machine: string, rows: readonly Row[]): void {
  const path = join(ROOT, "docs/performance.md");
  const page = readFileSync(path, "utf8");
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${path} has no place for the tables`);
  const middle = `${BEGIN}\n\n${machine.split("\n").join("\n\n")}\n\n${rowsText(rows)}\n\n`;
  writeFileSync(path, page.slice(0, from) + middle + page.slice(to));
}
