/** Blob savers as every operation sets them up: backup, prune, copy, rewrite, repair. */
import type { CompressionMode } from "#codec/zstd.ts";
import { BlobSaver } from "#repository/blob-saver.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";
import type { PackSink } from "#repository/pack-sink.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskContext } from "#repository/task-pool.ts";

/** How new packs are made. */
export interface SaverSettings {
  readonly compression: CompressionMode;
  /** Blob bytes at which a pack is closed. */
  readonly packSize: number;
  /** Decrypt and decompress every blob before it is stored. */
  readonly verify: boolean;
}

/** Packs on their way: one uploading while the next fills. */
const UPLOADS = 2;

/** Where a saver's packs go, and who hears of them. */
export interface SaverOutlet {
  readonly sink: PackSink;
  /** Called when a pack is durable and in this thread's view of the index. */
  readonly onPack: (pack: FinishedPack) => void;
  /** Packs on their way at once; 2 where not given. */
  readonly maxUploads?: number;
}

/** A saver into the repository, with the repository's own primitives and key. */
export function createSaver(
  { primitives, index, aead, config }: Repository,
  { compression, packSize, verify }: SaverSettings,
  { sink, onPack, maxUploads = UPLOADS }: SaverOutlet,
): BlobSaver {
  const { crypto, zstd, random } = primitives;
  const { version } = config;
  return new BlobSaver({
    index,
    crypto,
    zstd,
    random,
    aead,
    version,
    sink,
    verify,
    compression,
    packSize,
    maxUploads,
    onPack,
  });
}

/**
 * The saver of a task's thread.
 * @param sink where packs go; the thread's own where not given
 */
export function createThreadSaver(
  { repository, packSink }: TaskContext,
  settings: SaverSettings,
  onPack: (pack: FinishedPack) => void,
  sink: PackSink = packSink,
): BlobSaver {
  return createSaver(repository, settings, { sink, onPack });
}
