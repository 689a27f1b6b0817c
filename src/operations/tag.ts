/**
 * Changes the tags of snapshots: a new file is stored, then the old one goes, so that the snapshot
 * is there at every moment (docs/format.md, section 8). Fields of other programs survive.
 */
import { equalBytes } from "#base/bytes.ts";
import { CofferError, isCofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { HexId } from "#format/id.ts";
import { encodeSnapshot, type Snapshot } from "#format/snapshot.ts";
import type { Repository } from "#repository/repository.ts";
import { saveSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";

/** Either `set`, or `add` and `remove`. */
export interface TagChange {
  /** Replaces all tags; an empty list removes all. */
  readonly set?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** A snapshot whose file was replaced. */
export interface ChangedSnapshot {
  readonly kind: "changed";
  readonly oldId: HexId;
  readonly newId: HexId;
}

/**
 * Applies the change to each snapshot that it affects. The caller holds an exclusive lock.
 * @param all every snapshot of the repository: a copy that an interrupted run left is found there
 * @returns how many were changed
 * @throws BAD_OPTION for a change that says nothing or two things; storage errors
 */
export async function tagSnapshots(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  change: TagChange,
  all: readonly StoredSnapshot[],
  context: OperationContext<ChangedSnapshot> = {},
): Promise<number> {
  checkChange(change);
  const { signal, progress } = context;
  let changed = 0;
  for (const snapshot of snapshots) {
    throwIfAborted(signal);
    const tags = changedTags(snapshot.tags, change);
    if (sameTexts(tags, snapshot.tags)) continue;
    const { id: oldId, ...fields } = snapshot;
    const wanted = { ...fields, tags, original: snapshot.original ?? oldId };
    const newId = findEqual(all, wanted) ?? (await saveSnapshot(repo, wanted, { signal }));
    await removeSnapshotFile(repo, oldId, signal);
    changed++;
    progress?.({ kind: "changed", oldId, newId });
  }
  return changed;
}

/** Removes a replaced snapshot; one that is gone already is fine. */
export async function removeSnapshotFile(
  repo: Repository,
  id: HexId,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await repo.backend.remove({ type: "snapshot", name: id }, { signal });
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND")) throw error;
  }
}

/** The snapshot that says exactly the same, under whatever id. */
export function findEqual(all: readonly StoredSnapshot[], wanted: Snapshot): HexId | undefined {
  const bytes = encodeSnapshot(wanted);
  const found = all.find(
    (each) => each.tree === wanted.tree && equalBytes(encodeSnapshot(each), bytes),
  );
  return found?.id;
}

/** The tags after the change, each once, in the order in which they were given. */
export function changedTags(tags: readonly string[], change: TagChange): string[] {
  if (change.set) return [...new Set(change.set)];
  const added = [...new Set([...tags, ...(change.add ?? [])])];
  return added.filter((tag) => !change.remove?.includes(tag));
}

function checkChange({ set, add, remove }: TagChange): void {
  const parts = (add?.length ?? 0) + (remove?.length ?? 0);
  if (set && parts > 0) {
    throw new CofferError(
      "BAD_OPTION",
      "--set and --add/--remove cannot be given at the same time",
    );
  }
  if (!set && parts === 0) throw new CofferError("BAD_OPTION", "nothing to do!");
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
