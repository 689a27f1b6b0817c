/** Patterns of `--files-from`, expanded as Go's `filepath.Glob` does: component by component. */
import type { LocalFiles } from "#cli/cli-io.ts";
import { textToPath } from "#cli/backup/raw-text.ts";
import { Glob } from "#filter/glob.ts";
import { pathToText } from "#filter/path-text.ts";

const MAGIC = /[*?[\\]/;

/**
 * Paths that match, in ascending order; empty when none does. Folders that cannot be listed match
 * nothing. @throws BAD_PATTERN
 */
export async function expandGlob(pattern: string, files: LocalFiles): Promise<Uint8Array[]> {
  const parts = pattern.split("/").filter((part, i) => part !== "" || i === 0);
  let found: string[] = [parts[0] === "" ? "/" : ""];
  if (parts[0] === "") parts.shift();
  for (const part of parts) {
    found = MAGIC.test(part)
      ? await matchChildren(found, new Glob(part), files)
      : await keepExisting(
          found.map((folder) => join(folder, part)),
          files,
        );
  }
  return found.map((path) => textToPath(path));
}

function join(folder: string, name: string): string {
  if (folder === "") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

async function matchChildren(
  folders: readonly string[],
  glob: Glob,
  files: LocalFiles,
): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const names = (await files.list(textToPath(folder === "" ? "." : folder))) ?? [];
    const texts = names.map((name) => pathToText(name)).filter((name) => glob.matches(name));
    found.push(...texts.toSorted().map((name) => join(folder, name)));
  }
  return found;
}

async function keepExisting(paths: readonly string[], files: LocalFiles): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) {
    if ((await files.exists(textToPath(path))) !== "no") kept.push(path);
  }
  return kept;
}
