/**
 * The command tree as plain data, from commander's own tree: source of completions, man pages,
 * docs.
 */
import type { AnyCommand } from "#cli/tree/global-options.ts";

export interface OptionSpec {
  readonly short: string | undefined;
  readonly long: string;
  /** As in the help: `-r, --repo <repository>`. */
  readonly flags: string;
  readonly description: string;
  readonly group: string;
  readonly value: "none" | "file" | "folder" | "other";
  /** The only values it takes, where they are few. */
  readonly choices: readonly string[];
  readonly isGlobal: boolean;
}

export interface CommandSpec {
  /** Words after the program's name; empty for the program. */
  readonly path: readonly string[];
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly notes: string;
  readonly group: string;
  readonly options: readonly OptionSpec[];
  /** Choices of the first argument, where they are few. */
  readonly argumentChoices: readonly string[];
  readonly takesFiles: boolean;
  readonly commands: readonly CommandSpec[];
}

const OPTION_CHOICES: Readonly<Record<string, readonly string[]>> = {
  "--compression": ["auto", "off", "fastest", "better", "max"],
  "--overwrite": ["always", "if-changed", "if-newer", "never"],
  "--mode": ["restore-size", "files-by-contents", "blobs-per-file", "raw-data"],
  "--sort": ["name", "size", "time", "mtime", "atime", "ctime", "extension"],
  "--repository-version": ["1", "2", "latest", "stable"],
  "--group-by": ["host", "paths", "tags", "host,paths", "host,tags", "host,paths,tags"],
};

const ARGUMENT_CHOICES: Readonly<Record<string, readonly string[]>> = {
  cat: ["config", "index", "snapshot", "key", "masterkey", "lock", "pack", "blob", "tree"],
  list: ["blobs", "packs", "index", "snapshots", "keys", "locks"],
  restore: ["latest"],
  ls: ["latest"],
};

const FOLDER_OPTIONS = new Set(["--target", "--cache-dir", "--man", "--repo", "--from-repo"]);
const GLOBAL_GROUP = "Global options:";

/** Describes a command and all below it. */
export function describeCommand(command: AnyCommand): CommandSpec {
  const help = command.createHelp();
  const path = pathOf(command);
  const options = command.options.map((option) => ({
    short: option.short,
    long: option.long ?? option.short ?? "",
    flags: option.flags,
    description: option.description,
    group: option.helpGroupHeading ?? "Options:",
    value: valueOf(option.flags, option.long ?? ""),
    choices: OPTION_CHOICES[option.long ?? ""] ?? [],
    isGlobal: option.helpGroupHeading === GLOBAL_GROUP,
  }));
  return {
    path,
    usage: help.commandUsage(command),
    summary: command.summary() || command.description(),
    description: command.description(),
    notes: "",
    group: command.helpGroup(),
    options,
    argumentChoices: ARGUMENT_CHOICES[path.join(" ")] ?? [],
    takesFiles: path[0] === "backup",
    commands: command.commands.map((sub) => describeCommand(sub)),
  };
}

/** A command and all below it, outermost first. */
export function flattenSpec(spec: CommandSpec): CommandSpec[] {
  return [spec, ...spec.commands.flatMap((sub) => flattenSpec(sub))];
}

function pathOf(command: AnyCommand): string[] {
  const path: string[] = [];
  for (let at = command; at.parent !== null; at = at.parent) path.unshift(at.name());
  return path;
}

function valueOf(flags: string, long: string): OptionSpec["value"] {
  if (FOLDER_OPTIONS.has(long)) return "folder";
  const name = /<([^>]+)>/.exec(flags)?.[1];
  if (name === undefined) return "none";
  return name === "file" ? "file" : "other";
}
