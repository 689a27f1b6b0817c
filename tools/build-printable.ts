/**
 * Makes src/format/printable-ranges.ts from the code points that restic writes literally in names.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const source = readFileSync(join(root, "test/vectors/printable-ranges.txt"), "utf8");
const ranges = source
  .split("\n")
  .filter((line) => !line.startsWith("#"))
  .flatMap((line) => line.split(" "))
  .filter((range) => range !== "")
  .map((range) => range.split("-").map((hex) => parseInt(hex, 16)));

let previous = 0;
const numbers: string[] = [];
for (const [first, last = first] of ranges) {
  numbers.push((first! - previous).toString(36), (last! - first!).toString(36));
  previous = last!;
}

const lines: string[] = [""];
for (const number of numbers) {
  const line = lines.at(-1)!;
  if (line.length + number.length > 90) lines.push(`${number} `);
  else lines[lines.length - 1] = `${line}${number} `;
}
const text = `/**
 * The printable code points of Unicode 15.0, as Go's strconv knows them: ${ranges.length} ranges.
 * Made by tools/build-printable.ts from test/vectors/printable-ranges.txt. Do not edit.
 */

/** Base 36, alternating: distance from the last range's end to the next first; last minus first. */
export const PRINTABLE_RANGES =
${lines.map((line, i) => `  "${i === lines.length - 1 ? line.trimEnd() : line}"`).join(" +\n")};
`;
writeFileSync(join(root, "src/format/printable-ranges.ts"), text);
process.stdout.write(`${ranges.length} ranges\n`);
