/**
 * Collects finished packs and saves them as index files: at 50,000 blobs, as restic does, so that
 * an interrupted backup keeps what it stored; and at the end (docs/format.md, section 7).
 */
import type { CallOptions } from "#backends/backend.ts";
import { encodeIndex } from "#repository/encode-index.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";
import type { Repository } from "#repository/repository.ts";

const FULL_BLOBS = 50_000;

export class IndexWriter {
  readonly #repository: Repository;
  readonly #options: CallOptions;
  #packs: FinishedPack[] = [];
  #blobs = 0;
  #saving: Promise<void> = Promise.resolve();
  #failure: unknown;
  readonly #written: string[] = [];

  constructor(repository: Repository, options: CallOptions = {}) {
    this.#repository = repository;
    this.#options = options;
  }

  /** Names of the index files saved so far. */
  get written(): readonly string[] {
    return this.#written;
  }

  /** Takes a durable pack; saves an index file in the background when enough came together. */
  add(pack: FinishedPack): void {
    this.#packs.push(pack);
    this.#blobs += pack.lengths.length;
    if (this.#blobs >= FULL_BLOBS) this.#save();
  }

  /** Every pack added so far is in a durable index file. Throws the first failure. */
  async flush(): Promise<void> {
    this.#save();
    await this.#saving;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #save(): void {
    const packs = this.#packs;
    if (packs.length === 0) return;
    this.#packs = [];
    this.#blobs = 0;
    this.#saving = this.#saving.then(async () => {
      try {
        const json = encodeIndex(packs);
        this.#written.push(await this.#repository.saveUnpacked("index", json, this.#options));
      } catch (error) {
        this.#failure ??= error;
      }
    });
  }
}
