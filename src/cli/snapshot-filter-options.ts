/** `--host`, `--tag`, `--path` as the engine's filter. */
import type { CliContext } from "#cli/context.ts";
import { readEnv } from "#cli/environment.ts";
import { parseTagList } from "#cli/parse/tags.ts";
import type { SnapshotFilter } from "#repository/snapshot-filter.ts";

export interface FilterOptions {
  readonly host?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly path?: readonly string[] | undefined;
}

/** HOST from the environment counts only where no `--host` is given; `--host ""` means any. */
export function snapshotFilter(options: FilterOptions, { io }: CliContext): SnapshotFilter {
  const variable = readEnv(io.env, "HOST");
  const hosts = options.host ?? (variable === undefined ? [] : [variable.value]);
  return {
    hosts: hosts.length === 1 && hosts[0] === "" ? [] : hosts,
    tags: (options.tag ?? []).map(parseTagList),
    paths: options.path ?? [],
  };
}
