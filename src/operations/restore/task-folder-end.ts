/** Tasks that end a folder: listing and removing what is not in the snapshot, and its metadata. */
import { ByteRun, type FolderSlice } from "#operations/restore/folder-table.ts";
import { nameAt } from "#operations/restore/entry-table.ts";
import {
  countShortfall,
  failureOf,
  noShortfalls,
  targetCode,
  type ShortfallCounts,
} from "#operations/restore/failures.ts";
import type { MetaSlice } from "#operations/restore/meta-table.ts";
import type { Failure } from "#operations/restore/options.ts";
import { removeEntry } from "#operations/restore/replace.ts";
import { endSession, sessionOf, type SessionKey } from "#operations/restore/session.ts";
import type { Task } from "#repository/task-pool.ts";

export interface ListInput {
  readonly session: SessionKey;
  readonly folders: FolderSlice;
  readonly position: number;
}

export interface ListOutput {
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  readonly failures: readonly Failure[];
}

/** Names in a folder of the target. */
export const listTask: Task<ListInput, ListOutput> = {
  name: "restore.list",
  run(context, input) {
    const session = sessionOf(context, input.session);
    return session.exclusive(async () => {
      try {
        const folder = await session.folder(input.folders, input.position);
        const all = await folder.list();
        const run = new ByteRun(all.length * 16);
        const nameEnds = Uint32Array.from(all, (name) => run.add(name));
        return { names: run.take(), nameEnds, failures: [] };
      } catch (error) {
        const none = { names: new Uint8Array(0), nameEnds: new Uint32Array(0) };
        // Dry run: the folder is not there, so there is nothing in it.
        const gone = targetCode(error) === "ENOENT" && !input.session.make;
        const failures = gone ? [] : [failureOf(input.folders.rows[input.position]!, error)];
        return { ...none, failures };
      }
    });
  },
};

export interface RemoveInput extends ListInput {
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
}

export interface RemoveOutput {
  /** By name: 1 when removed. */
  readonly removed: Uint8Array;
  readonly failures: readonly Failure[];
}

/** Removes entries of one folder with all that is in them. */
export const removeTask: Task<RemoveInput, RemoveOutput> = {
  name: "restore.remove",
  run(context, input) {
    const session = sessionOf(context, input.session);
    return session.exclusive(async () => {
      const removed = new Uint8Array(input.nameEnds.length);
      const failures: Failure[] = [];
      for (let i = 0; i < removed.length; i++) {
        try {
          const folder = await session.folder(input.folders, input.position);
          removed[i] = (await removeEntry(folder, nameAt(input, i), true)) ? 1 : 0;
        } catch (error) {
          failures.push(failureOf(i, error));
        }
      }
      return { removed, failures };
    });
  },
};

export interface FolderMetaInput {
  readonly session: SessionKey;
  readonly folders: FolderSlice;
  /** Positions, children before their parents. */
  readonly positions: Uint32Array;
  /** Row i belongs to `positions[i]`. */
  readonly meta: MetaSlice;
}

export interface FolderMetaOutput {
  readonly failures: readonly Failure[];
  readonly shortfalls: ShortfallCounts;
}

/** Sets the metadata of folders in which nothing changes any more. */
export const folderMetaTask: Task<FolderMetaInput, FolderMetaOutput> = {
  name: "restore.folder-meta",
  run(context, input) {
    const session = sessionOf(context, input.session);
    return session.exclusive(async () => {
      const failures: Failure[] = [];
      const shortfalls = noShortfalls();
      for (let i = 0; i < input.positions.length; i++) {
        const position = input.positions[i]!;
        try {
          const folder = await session.folder(input.folders, position);
          const meta = await session.meta(input.meta, i);
          countShortfall(shortfalls, await folder.applyMeta(meta));
        } catch (error) {
          failures.push(failureOf(input.folders.rows[position]!, error));
        }
      }
      return { failures, shortfalls };
    });
  },
};

/** Closes what a thread holds of a restore. */
export const endTask: Task<SessionKey, void> = {
  name: "restore.end",
  run(context, key) {
    endSession(context, key.id);
    return Promise.resolve();
  },
};
