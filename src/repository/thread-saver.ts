/** The blob saver of a worker thread: what backup, prune and copy set up the same way. */
import type { CompressionMode } from "#codec/zstd.ts";
import { BlobSaver } from "#repository/blob-saver.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";
import type { PackSink } from "#repository/pack-sink.ts";
import type { TaskContext } from "#repository/task-pool.ts";

/** How new packs are made. */
export interface SaverSettings {
  readonly compression: CompressionMode;
  /** Blob bytes at which a pack is closed. */
  readonly packSize: number;
  /** Decrypt and decompress every blob before it is stored. */
  readonly verify: boolean;
}

/** Packs on their way per thread: one uploading while the next fills. */
const UPLOADS = 2;

/**
 * @param onPack called when a pack is durable and in this thread's view of the index
 * @param sink where packs go; the thread's own where not given
 */
export function createThreadSaver(
  context: TaskContext,
  { compression, packSize, verify }: SaverSettings,
  onPack: (pack: FinishedPack) => void,
  sink: PackSink = context.packSink,
): BlobSaver {
  const { repository } = context;
  const { crypto, zstd, random } = repository.primitives;
  return new BlobSaver({
    index: repository.index,
    crypto,
    zstd,
    random,
    aead: repository.aead,
    version: repository.config.version,
    sink,
    verify,
    compression,
    packSize,
    maxUploads: UPLOADS,
    onPack,
  });
}
