/** Backs up one stream as a file: `--stdin` and `--stdin-from-command`. */
import { utf8 } from "#base/bytes.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { NodeMeta } from "#format/node.ts";
import { GO_MODE } from "#format/node.ts";
import { createTimeFormatter } from "#format/time-formatter.ts";
import { encodeNode } from "#format/tree-encode.ts";
import { BackupRun } from "#operations/backup/backup-run.ts";
import type { BackupEvent, BackupOptions, BackupResult } from "#operations/backup/options.ts";
import { splitPath } from "#operations/backup/raw-path.ts";
import { StreamSaver } from "#operations/backup/stream-saver.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

export interface StreamInput {
  /** Path in the snapshot, `/backup/db.sql`; folders above it are made up. */
  readonly filename: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /**
   * Called when the bytes have ended and before anything is kept: throw if their producer failed,
   * so that half a dump never becomes a snapshot.
   */
  readonly confirm?: (() => Promise<void>) | undefined;
}

/**
 * Saves a snapshot of one stream. `options.sources` is ignored. Requirements and errors as for
 * `backup`.
 * @throws BAD_OPTION for a file name that names no file; what `input.bytes` and `input.confirm`
 *   throw
 */
export async function backupStream(
  repository: Repository,
  pool: TaskPool,
  options: BackupOptions,
  input: StreamInput,
  context: OperationContext<BackupEvent> = {},
): Promise<BackupResult> {
  const names = splitPath(utf8(input.filename));
  if (names.length === 0) {
    throw new CofferError("BAD_OPTION", `"${input.filename}" does not name a file`);
  }
  const run = new BackupRun(repository, pool, options, context);
  try {
    await run.begin([]);
    const saver = new StreamSaver(repository, pool);
    const path = utf8(input.filename);
    for await (const bytes of input.bytes) {
      throwIfAborted(context.signal);
      await saver.write(bytes);
      run.totals.read(bytes.length, path);
    }
    const { content, size } = await saver.finish();
    await input.confirm?.();
    run.totals.filesNew++;
    run.totals.bytes += size;
    return await run.finish(await wrap(run, repository, options, names, content, size));
  } catch (error) {
    await run.abort();
    throw error;
  }
}

/** The file's node, within the folders that its name asks for. */
async function wrap(
  run: BackupRun,
  repository: Repository,
  options: BackupOptions,
  names: readonly Uint8Array[],
  content: Uint8Array,
  size: number,
): Promise<Uint8Array[]> {
  const { clock } = repository.primitives;
  const format = createTimeFormatter((seconds) => clock.offsetMinutesAt(seconds));
  let node = encodeNode(
    madeUp("file", 0o644, options, size),
    names.at(-1)!,
    content,
    undefined,
    format,
  );
  for (const name of names.slice(0, -1).toReversed()) {
    const tree = await run.archiver.saveTree([node]);
    run.totals.dirsNew++;
    node = encodeNode(madeUp("dir", GO_MODE.dir + 0o755, options, 0), name, null, tree.id, format);
  }
  return [node];
}

/** Metadata of something that is in no file system: as restic records a stream. */
function madeUp(
  type: "file" | "dir",
  mode: number,
  { time }: BackupOptions,
  size: number,
): NodeMeta {
  return {
    type,
    mode,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 0,
    gid: 0,
    user: "",
    group: "",
    inode: 0n,
    deviceId: 0n,
    size,
    links: 0n,
    xattrs: [],
    device: 0n,
  };
}
