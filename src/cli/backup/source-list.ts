/** What to save: the arguments and the lists of `--files-from…`, those that exist. */
import { CofferError } from "#base/errors.ts";
import { expandGlob } from "#cli/backup/expand-glob.ts";
import { argumentToPath, textToPath } from "#cli/backup/raw-text.ts";
import type { CliContext } from "#cli/context.ts";
import { readListFile } from "#cli/list-file.ts";
import { decodeTextFile } from "#cli/parse/text-file.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";

export interface SourceOptions {
  readonly paths: readonly string[];
  readonly filesFrom?: readonly string[] | undefined;
  readonly filesFromVerbatim?: readonly string[] | undefined;
  readonly filesFromRaw?: readonly string[] | undefined;
}

export interface SourceList {
  /** Raw paths as given, relative ones included. */
  readonly paths: readonly Uint8Array[];
  /** How many given ones are left out because they are missing; each was named on stderr. */
  readonly missing: number;
}

/** @throws SOURCE_MISSING when none exists, BAD_OPTION when none is given or a list is malformed */
export async function collectSources(
  options: SourceOptions,
  context: CliContext,
): Promise<SourceList> {
  const { io, printer } = context;
  const given: Uint8Array[] = [];
  for (const file of options.filesFrom ?? []) {
    given.push(...(await readPatterns(file, context)));
  }
  for (const file of options.filesFromVerbatim ?? []) {
    const text = decodeTextFile(file, await readListFile(file, io));
    const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
    given.push(...lines.filter((line) => line !== "").map(textToPath));
  }
  for (const file of options.filesFromRaw ?? []) {
    given.push(...splitRaw(await readListFile(file, io)));
  }
  given.push(...options.paths.map((path) => argumentToPath(path, io)));
  if (given.length === 0) {
    throw badOption("nothing to backup, please specify source files/dirs");
  }
  if (given.some((path) => path.length === 0)) throw badOption("a source path is empty");
  const paths: Uint8Array[] = [];
  for (const path of given) {
    const state = await io.files.exists(path);
    if (state === "yes") paths.push(path);
    else {
      const problem = state === "no" ? "does not exist" : "cannot be accessed";
      printer.error(`${terminalText(path)} ${problem}, skipping`);
    }
  }
  if (paths.length === 0) {
    throw new CofferError("SOURCE_MISSING", "all source directories/files do not exist");
  }
  return { paths, missing: given.length - paths.length };
}

/** One pattern a line, `#` comments. */
async function readPatterns(file: string, { io, printer }: CliContext): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  const text = decodeTextFile(file, await readListFile(file, io));
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const matches = await expandGlob(line, io.files);
    if (matches.length === 0) {
      printer.error(`pattern ${JSON.stringify(line)} does not match any files, skipping`);
    }
    found.push(...matches);
  }
  return found;
}

/** Paths that each end in a zero byte. */
function splitRaw(bytes: Uint8Array): Uint8Array[] {
  const paths: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    if (end < 0) throw badOption("--files-from-raw: trailing zero byte missing");
    if (end === at) throw badOption("--files-from-raw: empty filename in listing");
    paths.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return paths;
}
