/** Manual pages in roff, one for each command: `coffer(1)`, `coffer-backup(1)`, … */
import { flattenSpec, type CommandSpec, type OptionSpec } from "#cli/generate/command-spec.ts";

export interface ManPage {
  /** `coffer-backup.1` */
  readonly fileName: string;
  readonly text: string;
}

/**
 * All pages. `version` goes into their footer; there is no date, so that builds are reproducible.
 */
export function manPages(root: CommandSpec, version: string): ManPage[] {
  return flattenSpec(root).map((spec) => {
    const name = ["coffer", ...spec.path].join("-");
    return { fileName: `${name}.1`, text: page(root, spec, name, version) };
  });
}

function page(root: CommandSpec, spec: CommandSpec, name: string, version: string): string {
  const own = spec.options.filter((option) => !option.isGlobal);
  const globals = spec.options.filter((option) => option.isGlobal);
  const related = [...(spec.path.length > 0 ? [root] : []), ...spec.commands].map(
    (other) => `.BR ${["coffer", ...other.path].join("-")} (1)`,
  );
  return [
    `.TH ${name.toUpperCase()} 1 "" "coffer ${version}" "Coffer manual"`,
    ".SH NAME",
    `${escapeRoff(name)} \\- ${escapeRoff(spec.summary)}`,
    ".SH SYNOPSIS",
    `.B ${escapeRoff(spec.usage)}`,
    ".SH DESCRIPTION",
    escapeRoff(spec.description),
    ...section("COMMANDS", commandLines(spec)),
    ...section("OPTIONS", optionLines(own)),
    ...section("GLOBAL OPTIONS", optionLines(globals)),
    ...(spec.path.length === 0 ? exitStatus() : []),
    ...section(
      "SEE ALSO",
      [related.join(" ,\n")].filter((line) => line !== ""),
    ),
    "",
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

function commandLines(spec: CommandSpec): string[] {
  return spec.commands.flatMap((sub) => [
    ".TP",
    `.B ${escapeRoff(sub.path.at(-1)!)}`,
    escapeRoff(sub.summary),
  ]);
}

function optionLines(options: readonly OptionSpec[]): string[] {
  return options.flatMap((option) => [
    ".TP",
    `.B ${escapeRoff(option.flags)}`,
    escapeRoff(option.description),
  ]);
}

function exitStatus(): string[] {
  const codes: readonly (readonly [string, string])[] = [
    ["0", "done"],
    ["1", "failed"],
    ["3", "backup: saved, but some sources could not be read"],
    ["10", "no repository at the location"],
    ["11", "the repository is locked"],
    ["12", "wrong password"],
    ["130", "interrupted"],
  ];
  return [".SH EXIT STATUS", ...codes.flatMap(([code, text]) => [".TP", `.B ${code}`, text])];
}

/** Dashes that can be copied, and no line that roff takes for a command. */
function escapeRoff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");
}
