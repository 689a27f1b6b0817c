/**
 * Writes docs/commands.md from the command tree and docs/errors.md from the table of error codes.
 * With --check it writes nothing and fails when they are out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ERROR_CODES } from "../src/base/error-codes.ts";
import {
  describeCommand,
  flattenSpec,
  type CommandSpec,
  type OptionSpec,
} from "../src/cli/generate/command-spec.ts";
import { createProgram } from "../src/cli/tree/program.ts";

const NOTE = "<!-- Made by `node tools/build-docs.ts`; edit the sources named there instead. -->";

/** Cells of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("\n", " ");
}

function optionTable(options: readonly OptionSpec[]): string[] {
  if (options.length === 0) return [];
  return [
    "",
    "| option | |",
    "| --- | --- |",
    ...options.map(
      (option) => `| \`${option.flags.replaceAll("|", "\\|")}\` | ${cell(option.description)} |`,
    ),
  ];
}

function commandSection(spec: CommandSpec): string[] {
  const own = spec.options.filter((option) => !option.isGlobal);
  return [
    "",
    `## coffer ${spec.path.join(" ")}`,
    "",
    spec.description,
    "",
    "```",
    spec.usage,
    "```",
    ...optionTable(own),
  ];
}

function commandsPage(): string {
  const [root, ...commands] = flattenSpec(describeCommand(createProgram(() => Promise.resolve())));
  return [
    "# Commands",
    "",
    NOTE,
    "",
    "Options and their meaning are restic 0.19's. Where a default names a variable `$COFFER_X`",
    "that is not set, `$RESTIC_X` counts. Exit codes are in [errors.md](errors.md).",
    ...commands.flatMap((spec) => commandSection(spec)),
    "",
    "## Global options",
    "",
    "For every command, before or after its name.",
    ...optionTable(root!.options.filter((option) => option.isGlobal)),
    "",
  ].join("\n");
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { exit, guidance }]) => `| \`${code}\` | ${exit} | ${cell(guidance)} |`,
  );
  return [
    "# Errors",
    "",
    NOTE,
    "",
    "Every error has a stable code. The library throws it as `CofferError.code`; the command line",
    "prints the message and what to do next, and ends with the exit code. 0 means done; any code",
    "that is not listed means failure. With `--json` the last line on stderr is",
    '`{"message_type":"exit_error","code":…,"message":…}`.',
    "",
    "| code | exit | what to do |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");
const pages: readonly (readonly [string, string])[] = [
  ["docs/commands.md", commandsPage()],
  ["docs/errors.md", errorsPage()],
];
for (const [name, text] of pages) {
  const path = join(root, name);
  if (!check) {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${name}\n`);
    continue;
  }
  let current = "";
  try {
    current = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (current !== text) {
    process.stderr.write(`${name} is out of date: run node tools/build-docs.ts\n`);
    process.exitCode = 1;
  }
}
