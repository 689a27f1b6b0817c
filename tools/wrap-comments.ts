/**
 * Wraps comments at 100 columns, which the formatter leaves alone: what is too long goes to the
 * next line of the same paragraph. `node tools/wrap-comments.ts FILE…`; without files all sources.
 * Tables, linter directives and comments behind code stay as they are.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const COLUMNS = 100;
/** Starts a paragraph of its own. */
const OWN_PARAGRAPH = /^(?:@|- |\d+\. |\|)/;

/** The comment line's prefix, indentation of its text, and text; undefined for anything else. */
function partsOf(
  line: string,
  inBlock: boolean,
): [prefix: string, indent: string, text: string] | undefined {
  const found = (inBlock ? /^(\s*\* )(\s*)(\S.*)$/ : /^(\s*\/\/ )(\s*)(\S.*)$/).exec(line);
  return found ? [found[1]!, found[2]!, found[3]!] : undefined;
}

function wrap(text: string): string {
  const lines = text.split("\n");
  let inBlock = false;
  for (let i = 0; i < lines.length; i++) {
    const single = /^(\s*)\/\*\* (.*) \*\/$/.exec(lines[i]!);
    if (single && lines[i]!.length > COLUMNS) {
      const [, indent, body] = single;
      lines.splice(i, 1, `${indent}/**`, `${indent} * ${body}`, `${indent} */`);
    }
    const line = lines[i]!;
    if (/^\s*\/\*/.test(line)) inBlock = true;
    const parts = partsOf(line, inBlock);
    if (parts && line.length > COLUMNS && !/\||oxlint|https?:/.test(line))
      wrapLine(lines, i, parts, inBlock);
    if (line.includes("*/")) inBlock = false;
  }
  return lines.join("\n");
}

function wrapLine(
  lines: string[],
  i: number,
  [prefix, indent, text]: [string, string, string],
  inBlock: boolean,
): void {
  const line = lines[i]!;
  const at = line.lastIndexOf(" ", COLUMNS);
  // A word longer than a line.
  if (at <= prefix.length + indent.length) return;
  const rest = line.slice(at + 1);
  const hanging = OWN_PARAGRAPH.test(text) ? `${indent}  ` : indent;
  lines[i] = line.slice(0, at).trimEnd();
  const next = partsOf(lines[i + 1] ?? "", inBlock);
  const continues =
    next !== undefined &&
    next[0] === prefix &&
    (next[1] === indent || next[1] === hanging) &&
    !OWN_PARAGRAPH.test(next[2]);
  if (continues) lines[i + 1] = `${prefix}${next[1]}${rest} ${next[2]}`;
  else lines.splice(i + 1, 0, `${prefix}${hanging}${rest}`);
}

const root = join(import.meta.dirname, "..");
const given = process.argv.slice(2);
const files =
  given.length > 0
    ? given
    : globSync(["src/**/*.ts", "test/**/*.ts", "tools/**/*.ts", "bench/**/*.ts"], { cwd: root })
        .filter((file) => !file.endsWith(".wasm.ts"))
        .map((file) => join(root, file));
for (const file of files) {
  const before = readFileSync(file, "utf8");
  const after = wrap(before);
  if (after === before) continue;
  writeFileSync(file, after);
  process.stdout.write(`wrapped ${file}\n`);
}
