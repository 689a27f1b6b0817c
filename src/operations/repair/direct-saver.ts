/**
 * Stores blobs in the calling thread: for repairs, which write little. Nothing saved is to be
 * referred to before {@link DirectSaver.flush} resolved.
 */
import type { PackSettings } from "#operations/prune/prune-types.ts";
import { BlobSaver } from "#repository/blob-saver.ts";
import { IndexWriter } from "#repository/index-writer.ts";
import { createBufferedSink } from "#repository/pack-sink.ts";
import type { Repository } from "#repository/repository.ts";

export class DirectSaver {
  readonly blobs: BlobSaver;
  readonly #index: IndexWriter;

  constructor(repo: Repository, settings: PackSettings, signal?: AbortSignal) {
    const { crypto, zstd, random } = repo.primitives;
    this.#index = new IndexWriter(repo, { signal });
    this.blobs = new BlobSaver({
      index: repo.index,
      crypto,
      zstd,
      random,
      aead: repo.aead,
      version: repo.config.version,
      sink: createBufferedSink(repo.backend, signal),
      verify: settings.verify,
      compression: settings.compression,
      packSize: settings.packSize,
      maxUploads: 1,
      onPack: (pack) => this.#index.add(pack),
    });
  }

  /** Everything saved so far is durable and in a durable index file. */
  async flush(): Promise<void> {
    await this.blobs.savePackRemainders(await this.blobs.flush());
    await this.#index.flush();
  }
}
