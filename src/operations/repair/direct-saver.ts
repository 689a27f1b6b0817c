/**
 * Stores blobs in the calling thread: for repairs, which write little. Nothing saved is to be
 * referred to before {@link DirectSaver.flush} resolved.
 */
import { idFromBytes } from "#format/id.ts";
import type { PackSettings } from "#operations/prune/prune-types.ts";
import { proveStored } from "#operations/prune/rewrite-index.ts";
import type { BlobSaver } from "#repository/blob-saver.ts";
import { createSaver } from "#repository/create-saver.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";
import { IndexWriter } from "#repository/index-writer.ts";
import { createBufferedSink } from "#repository/pack-sink.ts";
import type { Repository } from "#repository/repository.ts";

export class DirectSaver {
  readonly blobs: BlobSaver;
  readonly #index: IndexWriter;
  readonly #repo: Repository;
  readonly #signal: AbortSignal | undefined;
  readonly #packs: FinishedPack[] = [];

  constructor(repo: Repository, settings: PackSettings, signal?: AbortSignal) {
    this.#repo = repo;
    this.#signal = signal;
    this.#index = new IndexWriter(repo, { signal });
    this.blobs = createSaver(repo, settings, {
      sink: createBufferedSink(repo.backend, signal),
      maxUploads: 1,
      onPack: (pack) => void this.#packs.push(pack),
    });
  }

  /** Everything saved so far is durable, and in an index file that the storage really has. */
  async flush(): Promise<void> {
    await this.blobs.savePackRemainders(await this.blobs.flush());
    const sizes = this.#packs.map(({ id, size }) => [idFromBytes(id), size] as const);
    await proveStored(this.#repo, "pack", new Map(sizes), this.#signal);
    for (const pack of this.#packs.splice(0)) this.#index.add(pack);
    await this.#index.flush();
    const names = this.#index.written.map((name) => [name, undefined] as const);
    await proveStored(this.#repo, "index", new Map(names), this.#signal);
  }
}
