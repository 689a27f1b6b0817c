/** Stores new trees from the coordinating thread: they are few and small. */
import type { BlobSaver } from "#repository/blob-saver.ts";
import { createSaver } from "#repository/create-saver.ts";
import { IndexWriter } from "#repository/index-writer.ts";
import { createBufferedSink, createDiscardingSink } from "#repository/pack-sink.ts";
import type { Repository } from "#repository/repository.ts";

export interface TreeSaverOptions {
  readonly dryRun: boolean;
  readonly packSize: number;
  readonly signal: AbortSignal | undefined;
}

/** Trees are durable and indexed after {@link flush}. Close it in every case. */
export class TreeSaver {
  readonly #saver: BlobSaver;
  readonly #index: IndexWriter;

  constructor(repo: Repository, { dryRun, packSize, signal }: TreeSaverOptions) {
    this.#index = new IndexWriter(repo, { signal });
    const settings = { compression: "auto", packSize, verify: true } as const;
    this.#saver = createSaver(repo, settings, {
      sink: dryRun ? createDiscardingSink() : createBufferedSink(repo.backend, signal),
      onPack: (pack) => this.#index.add(pack),
    });
  }

  /** The tree's 32-byte id. Waits while too many packs are under way. */
  async save(tree: Uint8Array): Promise<Uint8Array> {
    if (this.#saver.isBusy) await this.#saver.ready();
    return this.#saver.save("tree", tree);
  }

  async flush(): Promise<void> {
    await this.#saver.savePackRemainders(await this.#saver.flush());
    await this.#index.flush();
  }

  /** Drops what was not flushed. */
  close(): Promise<void> {
    return this.#saver.abort();
  }
}
