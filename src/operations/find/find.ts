/** The `find` command by name: globs over all snapshots, as restic matches them, and conditions. */
import type { OperationContext } from "#base/progress.ts";
import { compareTimestamps } from "#base/timestamp.ts";
import { PatternWalk, type WalkState } from "#filter/pattern-walk.ts";
import type { Node } from "#format/node.ts";
import type {
  FindConditions,
  FindEvent,
  FindOptions,
  FindResult,
} from "#operations/find/find-types.ts";
import { SearchRun } from "#operations/find/search.ts";
import type { Repository } from "#repository/repository.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/**
 * Finds entries in the snapshots, in their order; the index is loaded. A folder that several
 * snapshots share and that holds no match is read once.
 * @throws BAD_PATTERN, and storage errors; unreadable folders are error events
 */
export async function findEntries(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  options: FindOptions,
  context: OperationContext<FindEvent> = {},
): Promise<FindResult> {
  const { patterns, ignoreCase } = options;
  const walk = new PatternWalk({
    patterns: ignoreCase ? [] : patterns,
    insensitivePatterns: ignoreCase ? patterns : [],
    negation: false,
  });
  const run = new SearchRun<WalkState>(
    repo,
    {
      root: walk.root,
      keyOf: (state) => walk.keyOf(state),
      mayMatchBelow: (state) => walk.mayMatchBelow(state),
      enter: (state, name) => walk.enter(state, name),
      entry: ({ state, node, path, snapshot }) =>
        walk.matches(state, node.name) && fulfils(node, options)
          ? [{ kind: "match", snapshot, path, node }]
          : NONE,
    },
    context,
  );
  for (const snapshot of snapshots) await run.snapshot(snapshot);
  return run.result;
}

const NONE: readonly FindEvent[] = [];

/** Whether an entry is what the conditions ask for. */
export function fulfils(node: Node, conditions: FindConditions): boolean {
  const { oldest, newest, minSize, maxSize, types } = conditions;
  if (oldest && compareTimestamps(node.mtime, oldest) < 0) return false;
  if (newest && compareTimestamps(node.mtime, newest) > 0) return false;
  if (types && !types.includes(node.type)) return false;
  if (minSize === undefined && maxSize === undefined) return true;
  if (node.type !== "file") return false;
  return node.size >= (minSize ?? 0) && node.size <= (maxSize ?? Infinity);
}
