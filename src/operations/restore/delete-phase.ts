/** Removal of what is in restored folders of the target but not in the snapshot. */
import { isCofferError, throwIfAborted } from "#base/errors.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import { nameAt } from "#operations/restore/entry-table.ts";
import { joinPath } from "#operations/restore/filters.ts";
import { ByteRun, FOLDER, type FolderSlice } from "#operations/restore/folder-table.ts";
import { latin1 } from "#operations/restore/latin1.ts";
import type { RunParts } from "#operations/restore/restore-run.ts";
import { WANTED } from "#operations/restore/select.ts";
import { listTask, removeTask } from "#operations/restore/task-folder-end.ts";

/**
 * Goes through the folders that existed before. With a filter only what it selects is removed. A
 * folder whose tree cannot be read keeps everything: what belongs there is not known.
 */
export async function removeForeign(parts: RunParts): Promise<void> {
  const { selection, report, signal, repository, session, pool } = parts;
  const { folders } = selection;
  for (let row = 0; row < folders.length; row++) {
    if (!folders.isNeeded(row) || folders.state.values[row] !== FOLDER.existed) continue;
    throwIfAborted(signal);
    let known: Set<string>;
    try {
      known = namesIn(await repository.loadBlob("tree", folders.tree(row), { signal }));
    } catch (error) {
      // Reported by the selection already, which needed the same tree.
      if (!isCofferError(error) || error.code === "ABORTED" || error.code === "INTERNAL")
        throw error;
      continue;
    }
    const { folders: slice, positions } = folders.slice(Uint32Array.of(row));
    const input = { session, folders: slice, position: positions[0]! };
    const listed = await pool.run(listTask, input);
    for (const failure of listed.failures) report.folderFailure(folders, failure);
    const foreign = foreignNames(parts, row, listed, known);
    if (foreign.length > 0) await removeNames(parts, row, input, foreign);
  }
}

/** All names of a tree, selected or not. @throws BAD_TREE */
function namesIn(tree: Uint8Array): Set<string> {
  const names = new Set<string>();
  const cursor = new TreeCursor(tree);
  while (cursor.next()) names.add(latin1(cursor.name));
  return names;
}

function foreignNames(
  { selection, filter }: RunParts,
  row: number,
  listed: { readonly names: Uint8Array; readonly nameEnds: Uint32Array },
  known: ReadonlySet<string>,
): Uint8Array[] {
  const path = selection.folders.path(row);
  const foreign: Uint8Array[] = [];
  for (let i = 0; i < listed.nameEnds.length; i++) {
    const name = nameAt(listed, i);
    if (known.has(latin1(name))) continue;
    const wanted = filter === undefined ? WANTED.self : filter(joinPath(path, name), false);
    if ((wanted & WANTED.self) !== 0) foreign.push(name);
  }
  return foreign;
}

async function removeNames(
  { report, selection, session, pool, options }: RunParts,
  row: number,
  at: { readonly folders: FolderSlice; readonly position: number },
  foreign: readonly Uint8Array[],
): Promise<void> {
  const path = selection.folders.path(row);
  if (options.dryRun) {
    for (const name of foreign) report.deleted(joinPath(path, name));
    return;
  }
  const run = new ByteRun(foreign.length * 16);
  const nameEnds = Uint32Array.from(foreign, (name) => run.add(name));
  const output = await pool.run(removeTask, { ...at, session, names: run.take(), nameEnds });
  for (const failure of output.failures) {
    report.pathFailure(joinPath(path, foreign[failure.row]!), failure);
  }
  foreign.forEach((name, i) => {
    if (output.removed[i] === 1) report.deleted(joinPath(path, name));
  });
}
