/** Task: makes symlinks, special files and hard links, after all content stands. */
import {
  KIND,
  nameAt,
  STATE,
  type EntrySlice,
  type SpecialInfo,
} from "#operations/restore/entry-table.ts";
import {
  countShortfall,
  failureOf,
  noShortfalls,
  targetCode,
  type ShortfallCounts,
} from "#operations/restore/failures.ts";
import type { Failure } from "#operations/restore/options.ts";
import { removeEntry } from "#operations/restore/replace.ts";
import { sessionOf, type RestoreSession, type SessionKey } from "#operations/restore/session.ts";
import type { TargetFolder } from "#platform/restore-target.ts";
import type { Task } from "#repository/task-pool.ts";

export interface LinksInput {
  readonly session: SessionKey;
  readonly entries: EntrySlice;
  /** By position: what symlinks and special files are. */
  readonly special: Map<number, SpecialInfo>;
  /** By position: position in `sources` of the file that a hard link is another name of. */
  readonly linkedTo: Map<number, number>;
  readonly sources: EntrySlice;
  readonly deep: boolean;
}

export interface LinksOutput {
  /** By position: 1 when made, 2 when it was there already. */
  readonly made: Uint8Array;
  readonly failures: readonly Failure[];
  readonly shortfalls: ShortfallCounts;
}

export const linksTask: Task<LinksInput, LinksOutput> = {
  name: "restore.links",
  run(context, input) {
    const session = sessionOf(context, input.session);
    return session.exclusive(() => run(session, input));
  },
};

async function run(session: RestoreSession, input: LinksInput): Promise<LinksOutput> {
  const { entries } = input;
  const made = new Uint8Array(entries.rows.length);
  const failures: Failure[] = [];
  const shortfalls = noShortfalls();
  for (let i = 0; i < made.length; i++) {
    try {
      const folder = await session.folder(entries.folders, entries.folderOf[i]!);
      made[i] =
        entries.kinds[i] === KIND.hardLink
          ? await makeHardLink(session, folder, input, i)
          : await makeSpecial(session, folder, input, i, shortfalls);
    } catch (error) {
      failures.push(failureOf(entries.rows[i]!, error));
    }
  }
  return { made, failures, shortfalls };
}

async function makeSpecial(
  session: RestoreSession,
  folder: TargetFolder,
  input: LinksInput,
  i: number,
  shortfalls: ShortfallCounts,
): Promise<number> {
  const { entries, deep } = input;
  const name = nameAt(entries, i);
  const { type, linkTarget, device } = input.special.get(i)!;
  if (entries.states[i] === STATE.replace) await removeEntry(folder, name, deep);
  const meta = await session.meta(entries.meta, i);
  if (type === "symlink") await folder.makeSymlink(name, linkTarget);
  else await folder.makeSpecial(name, type, device, meta.mode);
  countShortfall(shortfalls, await folder.applyEntryMeta(name, type, meta));
  return 1;
}

async function makeHardLink(
  session: RestoreSession,
  folder: TargetFolder,
  input: LinksInput,
  i: number,
): Promise<number> {
  const { entries, sources, deep } = input;
  const source = input.linkedTo.get(i)!;
  const name = nameAt(entries, i);
  const from = nameAt(sources, source);
  // Opened last, so that the cache still holds both folders.
  const fromFolder = await session.folder(sources.folders, sources.folderOf[source]!);
  const own = await session.folder(entries.folders, entries.folderOf[i]!);
  try {
    await own.makeHardLink(name, fromFolder, from);
    return 1;
  } catch (error) {
    if (targetCode(error) !== "EEXIST" || entries.states[i] !== STATE.replace) throw error;
  }
  const [there, wanted] = [await own.stat(name), await fromFolder.stat(from)];
  if (there !== undefined && there.identity === wanted?.identity) return 2;
  await removeEntry(own, name, deep);
  await own.makeHardLink(name, fromFolder, from);
  return 1;
}
