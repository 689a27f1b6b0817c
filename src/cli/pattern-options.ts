/** Include and exclude patterns, from options and from files, checked before anything is opened. */
import { CofferError, isCofferError } from "#base/errors.ts";
import type { CliIo } from "#cli/cli-io.ts";
import { readListFile } from "#cli/list-file.ts";
import { createExcludeFilter } from "#filter/exclude.ts";
import { parsePatternFile } from "#filter/pattern-file.ts";

/**
 * The patterns of an option and of its file option, in restic's order: the options' first.
 * @throws BAD_PATTERN naming the option, BAD_OPTION for an unreadable file
 */
export async function collectPatterns(
  name: string,
  patterns: readonly string[] | undefined,
  files: readonly string[] | undefined,
  io: CliIo,
): Promise<string[]> {
  const all = [...(patterns ?? [])];
  check(`--${name}`, all);
  for (const file of files ?? []) {
    const bytes = await readListFile(file, io);
    const lines = parsePatternFile(bytes, (variable) => io.env[variable]);
    check(`--${name}-file`, lines);
    all.push(...lines);
  }
  return all;
}

function check(option: string, patterns: readonly string[]): void {
  try {
    createExcludeFilter(patterns);
  } catch (error) {
    if (!isCofferError(error, "BAD_PATTERN")) throw error;
    throw new CofferError("BAD_PATTERN", `${option}: ${error.message}`, { cause: error });
  }
}
