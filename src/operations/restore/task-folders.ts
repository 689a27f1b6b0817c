/**
 * Task: makes folders, parents first. What stands in a folder's place is replaced unless a folder.
 */
import { nameAt } from "#operations/restore/entry-table.ts";
import { failureOf, targetCode } from "#operations/restore/failures.ts";
import { FOLDER, type FolderSlice } from "#operations/restore/folder-table.ts";
import type { Failure } from "#operations/restore/options.ts";
import { removeEntry } from "#operations/restore/replace.ts";
import { sessionOf, type RestoreSession, type SessionKey } from "#operations/restore/session.ts";
import type { TargetFolder } from "#platform/restore-target.ts";
import type { Task } from "#repository/task-pool.ts";

export interface FoldersInput {
  readonly session: SessionKey;
  readonly folders: FolderSlice;
  /** Positions of those to make, ascending. Their parents exist or are made before. */
  readonly make: Uint32Array;
  /** Only look. A folder whose parent is missing counts as made. */
  readonly dryRun: boolean;
}

export interface FoldersOutput {
  /** A value of {@link FOLDER} for each of `make`. */
  readonly states: Uint8Array;
  readonly failures: readonly Failure[];
}

export const foldersTask: Task<FoldersInput, FoldersOutput> = {
  name: "restore.folders",
  async run(context, input) {
    const session = sessionOf(context, input.session);
    return session.exclusive(() => run(session, input));
  },
};

async function run(session: RestoreSession, input: FoldersInput): Promise<FoldersOutput> {
  const { folders, make, dryRun } = input;
  const states = new Uint8Array(make.length);
  const failures: Failure[] = [];
  for (let i = 0; i < make.length; i++) {
    const position = make[i]!;
    try {
      if (position === 0) {
        states[i] = await probeRoot(session, dryRun);
        continue;
      }
      const parent = await session.folder(folders, folders.parents[position]!);
      const name = nameAt(folders, position);
      states[i] = dryRun ? await probe(parent, name) : await makeOne(parent, name);
    } catch (error) {
      const code = targetCode(error);
      if (dryRun && (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP")) {
        states[i] = FOLDER.made;
        continue;
      }
      states[i] = FOLDER.failed;
      failures.push(failureOf(folders.rows[position]!, error));
    }
  }
  return { states, failures };
}

/** An empty target is as good as a new one: nothing in it needs to be compared. */
async function probeRoot(session: RestoreSession, dryRun: boolean): Promise<number> {
  try {
    const names = await (await session.root()).list();
    return names.length === 0 ? FOLDER.made : FOLDER.existed;
  } catch (error) {
    if (dryRun && targetCode(error) === "ENOENT") return FOLDER.made;
    throw error;
  }
}

async function probe(parent: TargetFolder, name: Uint8Array): Promise<number> {
  const stat = await parent.stat(name);
  return stat?.type === "dir" ? FOLDER.existed : FOLDER.made;
}

async function makeOne(parent: TargetFolder, name: Uint8Array): Promise<number> {
  try {
    await parent.makeFolder(name);
    return FOLDER.made;
  } catch (error) {
    if (targetCode(error) !== "EEXIST") throw error;
  }
  const stat = await parent.stat(name);
  if (stat?.type === "dir") return FOLDER.existed;
  await removeEntry(parent, name, false);
  await parent.makeFolder(name);
  return FOLDER.made;
}
