/** The tasks of a backup that run in worker threads. */
import { compareBytes } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type {
  ArchiveSettings,
  EntryInput,
  EntryOutput,
  FileInput,
  FileOutput,
  FlushOutput,
  FolderInput,
  FolderOutput,
  StoredTree,
  TreeInput,
} from "#operations/backup/archive-protocol.ts";
import { ArchiveThread } from "#operations/backup/archive-thread.ts";
import { followLinks } from "#operations/backup/follow-links.ts";
import { ReportBuilder } from "#operations/backup/report.ts";
import { saveEntry, saveFile } from "#operations/backup/save-entry.ts";
import { openPrevious, saveFolder, saveTree } from "#operations/backup/save-folder.ts";
import type { PackRemainder } from "#repository/pack-writer.ts";
import type { Task, TaskContext } from "#repository/task-pool.ts";

function define<Input, Output>(
  name: string,
  run: (context: TaskContext, input: Input) => Promise<Output>,
): Task<Input, Output> {
  return { name: `backup.${name}`, serial: true, run };
}

export const beginTask = define("begin", async (context, settings: ArchiveSettings) => {
  ArchiveThread.begin(context, settings);
});

export const folderTask = define("folder", (context, input: FolderInput): Promise<FolderOutput> =>
  saveFolder(ArchiveThread.of(context), input),
);

export const entryTask = define(
  "entry",
  async (context, input: EntryInput): Promise<EntryOutput> => {
    const thread = ArchiveThread.of(context);
    const report = new ReportBuilder(thread.emit);
    const previous = await openPrevious(thread, input.previous, input.path, report);
    const { name, explicit } = input;
    const path = input.above ? followLinks(thread.source, input.path) : input.path;
    const place = { path, name, previous, deviceAllowed: true, explicit: explicit || input.above };
    const part = await saveEntry(thread, place, report);
    return { ...report.build(), part };
  },
);

export const fileTask = define("file", async (context, input: FileInput): Promise<FileOutput> => {
  const thread = ArchiveThread.of(context);
  const report = new ReportBuilder(thread.emit);
  const { node, resume } = await saveFile(thread, input, undefined, report);
  // A node is a view of a page that many share: only its own bytes shall cross threads.
  return { ...report.build(), node: node?.slice(), resume };
});

export const treeTask = define("tree", (context, input: TreeInput): Promise<StoredTree> =>
  saveTree(ArchiveThread.of(context), input.parts),
);

/** Devices of the sources that exist, for `--one-file-system`. */
export const devicesTask = define("devices", async (context, paths: readonly Uint8Array[]) => {
  const devices: bigint[] = [];
  for (const path of paths) {
    try {
      devices.push(context.platform.source!.lstat(path).deviceId);
    } catch (error) {
      if (error instanceof CofferError) throw error;
      // A missing source is reported when its turn comes.
    }
  }
  return devices;
});

/** Names in a folder, in tree order; undefined when it cannot be listed. */
export const namesTask = define("names", async (context, path: Uint8Array) => {
  try {
    return context.platform.source!.list(path).toSorted(compareBytes);
  } catch (error) {
    if (error instanceof CofferError) throw error;
    return undefined;
  }
});

/** Saves one chunk of a stream that the coordinator cut. Returns its id. */
export const blobTask = define("blob", async (context, input: Uint8Array): Promise<Uint8Array> => {
  const { saver } = ArchiveThread.of(context);
  if (saver.isBusy) await saver.ready();
  return saver.save("data", input);
});

/** Makes everything durable but small remainders, which it returns. */
export const flushTask = define("flush", async (context): Promise<FlushOutput> => {
  const { saver } = ArchiveThread.of(context);
  return { remainders: await saver.flush(), counts: { ...saver.counts } };
});

/** Stores the remainders of all threads. */
export const mergeTask = define("merge", async (context, input: readonly PackRemainder[]) => {
  await ArchiveThread.of(context).saver.savePackRemainders(input);
});

/** Drops what is not durable and forgets the backup. */
export const abortTask = define("abort", async (context) => {
  const thread = ArchiveThread.of(context);
  if (!thread) return;
  await thread.saver.abort();
  ArchiveThread.end(context);
});

export const tasks = [
  beginTask,
  folderTask,
  entryTask,
  fileTask,
  treeTask,
  devicesTask,
  namesTask,
  blobTask,
  flushTask,
  mergeTask,
  abortTask,
] as readonly Task<never, unknown>[];
