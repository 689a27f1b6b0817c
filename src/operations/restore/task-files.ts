/**
 * Tasks around the content: making the files that take more than one blob, and setting metadata of
 * files whose content stands.
 */
import { nameAt, STATE, type EntrySlice } from "#operations/restore/entry-table.ts";
import {
  countShortfall,
  failureOf,
  noShortfalls,
  targetCode,
  type ShortfallCounts,
} from "#operations/restore/failures.ts";
import type { Failure } from "#operations/restore/options.ts";
import { createOver, openForUpdate, openSame, requireSame } from "#operations/restore/replace.ts";
import { sessionOf, type RestoreSession, type SessionKey } from "#operations/restore/session.ts";
import type { TargetFile } from "#platform/restore-target.ts";
import type { Task } from "#repository/task-pool.ts";

export interface FilesInput {
  readonly session: SessionKey;
  readonly entries: EntrySlice;
  /** Folders in the place of files may be removed with what is in them. */
  readonly deep: boolean;
}

export interface FilesOutput {
  /** By position: what the file is called by, as long as it is the same file. */
  readonly identities: readonly string[];
  readonly failures: readonly Failure[];
  readonly shortfalls: ShortfallCounts;
}

/** Makes files at their full size; empty ones get their metadata too. */
export const createTask: Task<FilesInput, FilesOutput> = {
  name: "restore.create",
  run: (context, input) => forEachFile(sessionOf(context, input.session), input, createOne),
};

/** Sets the metadata of files whose content stands. */
export const finishTask: Task<FilesInput, FilesOutput> = {
  name: "restore.finish",
  run: (context, input) => forEachFile(sessionOf(context, input.session), input, finishOne),
};

type Step = (
  session: RestoreSession,
  input: FilesInput,
  i: number,
  output: { identities: string[]; shortfalls: ShortfallCounts },
) => Promise<void>;

function forEachFile(session: RestoreSession, input: FilesInput, step: Step): Promise<FilesOutput> {
  return session.exclusive(async () => {
    const { rows } = input.entries;
    const failures: Failure[] = [];
    const output = {
      identities: rows.length === 0 ? [] : Array.from(rows, () => ""),
      shortfalls: noShortfalls(),
    };
    for (let i = 0; i < rows.length; i++) {
      try {
        await step(session, input, i, output);
      } catch (error) {
        failures.push(failureOf(rows[i]!, error));
      }
    }
    return { ...output, failures };
  });
}

const createOne: Step = async (session, input, i, output) => {
  const { entries, deep } = input;
  const folder = await session.folder(entries.folders, entries.folderOf[i]!);
  const name = nameAt(entries, i);
  const state = entries.states[i];
  const meta = await session.meta(entries.meta, i);
  const file =
    state === STATE.update
      ? await openForUpdate(folder, name, entries.identities![i]!, meta)
      : await createOver(folder, name, state === STATE.replace, deep);
  const size = entries.sizes[i]!;
  await closing(file, async () => {
    if (size > 0 || state === STATE.update) await file.truncate(size);
    if (size === 0) countShortfall(output.shortfalls, await file.applyMeta(meta));
    output.identities[i] = (await file.stat()).identity;
  });
};

const finishOne: Step = async (session, input, i, output) => {
  const { entries } = input;
  const folder = await session.folder(entries.folders, entries.folderOf[i]!);
  const name = nameAt(entries, i);
  const meta = await session.meta(entries.meta, i);
  let file: TargetFile;
  try {
    file = await openSame(folder, name, "read", entries.identities![i]!);
  } catch (error) {
    if (targetCode(error) !== "EACCES") throw error;
    // Ours but unreadable for us: by name then, which follows no link either.
    await requireSame(folder, name, entries.identities![i]!);
    countShortfall(output.shortfalls, await folder.applyEntryMeta(name, "file", meta));
    return;
  }
  await closing(file, async () => {
    countShortfall(output.shortfalls, await file.applyMeta(meta));
  });
};

/** Does the work and closes the file whatever happens; the work's error counts. */
async function closing(file: TargetFile, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    try {
      await file.close();
    } catch (second) {
      if (targetCode(second) === undefined) throw second;
    }
    throw error;
  }
  await file.close();
}
