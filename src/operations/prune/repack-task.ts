/**
 * Moves blobs out of packs, in worker threads: read, verify by hash, seal anew, write. What is
 * compressed is not compressed again. A damaged copy is replaced by another one where there is one.
 */
import { equalBytes, toHex } from "#base/bytes.ts";
import { CofferError, isCofferError, isCorruption } from "#base/errors.ts";
import type { PackSettings } from "#operations/prune/prune-types.ts";
import type { BlobLocation, BlobType } from "#repository/blob-index.ts";
import type { BlobSaver } from "#repository/blob-saver.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";
import { checkBlobClaim } from "#repository/blob-limits.ts";
import type { PackRemainder } from "#repository/pack-writer.ts";
import type { Repository } from "#repository/repository.ts";
import type { Task, TaskContext } from "#repository/task-pool.ts";
import { createThreadSaver } from "#repository/create-saver.ts";

/** Blobs to take out of one pack. */
export interface RepackJob {
  /** Its number in the blob index. */
  readonly pack: number;
  /** Ids, joined. */
  readonly ids: Uint8Array;
  /** One a blob: 1 for trees. */
  readonly isTree: Uint8Array;
}

/** Sent when a new pack is durable. */
export interface PackWritten {
  readonly kind: "prune-pack";
  readonly pack: FinishedPack;
}

/** Bytes fetched at once; blobs further apart than the second are fetched apart. */
const READ_BYTES = 4 * 1024 * 1024;
const GAP_BYTES = 64 * 1024;

const SAVER = Symbol("prune.saver");

export const beginTask: Task<PackSettings, void> = {
  name: "prune.begin",
  async run(context, { compression, packSize, verify }) {
    const settings = { compression, packSize, verify };
    const saver = createThreadSaver(context, settings, (pack) =>
      context.emit({ kind: "prune-pack", pack } satisfies PackWritten),
    );
    context.state.set(SAVER, saver);
  },
};

/** Output: blobs moved. @throws the error of a blob of which no copy is sound */
export const repackTask: Task<RepackJob, number> = {
  name: "prune.repack",
  async run(context, job) {
    const located = locate(context.repository, job);
    for (let from = 0; from < located.length;) {
      const to = runEnd(located, from);
      await moveRun(context, job.pack, located.slice(from, to));
      from = to;
    }
    return located.length;
  },
};

/** Makes everything durable but small remainders, which it returns. */
export const flushTask: Task<undefined, readonly PackRemainder[]> = {
  name: "prune.flush",
  run: (context) => saverOf(context).flush(),
};

/** Stores the remainders of all threads. */
export const mergeTask: Task<readonly PackRemainder[], void> = {
  name: "prune.merge",
  run: (context, remainders) => saverOf(context).savePackRemainders(remainders),
};

/** Drops what is not durable and forgets the saver. */
export const endTask: Task<undefined, void> = {
  name: "prune.end",
  async run(context) {
    await (context.state.get(SAVER) as BlobSaver | undefined)?.abort();
    context.state.delete(SAVER);
  },
};

interface Located extends BlobLocation {
  readonly type: BlobType;
  readonly id: Uint8Array;
}

function saverOf(context: TaskContext): BlobSaver {
  return context.state.get(SAVER) as BlobSaver;
}

/** The job's blobs in the order of the file. */
function locate({ index }: Repository, { pack, ids, isTree }: RepackJob): Located[] {
  const located: Located[] = [];
  for (let i = 0; i < isTree.length; i++) {
    const id = ids.subarray(32 * i, 32 * i + 32);
    const type = isTree[i] === 1 ? "tree" : "data";
    const copy = index.lookupAll(type, id).find((each) => each.pack === pack);
    if (!copy) throw new CofferError("INTERNAL", `Blob ${toHex(id, 0, 4)} is not where it was`);
    located.push({ type, id, ...copy });
  }
  return located.sort((a, b) => a.offset - b.offset);
}

function runEnd(located: readonly Located[], from: number): number {
  const start = located[from]!.offset;
  let end = start + located[from]!.length;
  let to = from + 1;
  for (; to < located.length; to++) {
    const { offset, length } = located[to]!;
    if (offset - end > GAP_BYTES || offset + length - start > READ_BYTES) break;
    end = offset + length;
  }
  return to;
}

async function moveRun(context: TaskContext, pack: number, run: readonly Located[]): Promise<void> {
  const { repository } = context;
  const saver = saverOf(context);
  const [first, last] = [run[0]!, run.at(-1)!];
  const bytes = await readRun(repository, pack, first.offset, last.offset + last.length);
  for (const { type, id, offset, length, rawLength } of run) {
    if (saver.isBusy) await saver.ready();
    const stored = bytes?.subarray(offset - first.offset, offset - first.offset + length);
    const payload = stored && openBlob(repository, id, stored, rawLength);
    if (payload) saver.copy(type, id, payload, rawLength);
    // Reads again, and tries every copy before it gives up.
    else saver.copy(type, id, await repository.loadBlob(type, id), 0);
  }
}

/** Undefined when the pack is gone or cut: blobs are then looked for one by one. */
async function readRun(
  repository: Repository,
  pack: number,
  from: number,
  to: number,
): Promise<Uint8Array | undefined> {
  try {
    return await repository.readPack(pack, from, to - from);
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND", "SHORT_READ")) throw error;
    return undefined;
  }
}

/** The verified payload, still compressed; undefined when the copy is damaged. */
export function openBlob(
  repository: Repository,
  id: Uint8Array,
  stored: Uint8Array,
  rawLength: number,
): Uint8Array | undefined {
  const { crypto, zstd } = repository.primitives;
  try {
    checkBlobClaim(id, rawLength, stored.length);
    const payload = repository.aead.open(stored);
    const plain = rawLength === 0 ? payload : zstd.decompress(payload, rawLength);
    const sound = rawLength === 0 || plain.length === rawLength;
    return sound && equalBytes(crypto.sha256(plain), id) ? payload : undefined;
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return undefined;
  }
}
