/** Content of archive entries, loaded ahead across files, so that many small ones do not wait. */
import { ID_BYTES } from "#format/id.ts";
import type { ArchiveEntry, ArchiveItem } from "#operations/dump/dump-types.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";

/** Plaintext bytes and steps loaded ahead; one blob beyond is possible. */
const AHEAD_BYTES = 16 * 1024 * 1024;
const AHEAD_STEPS = 64;

/** Loads a blob's plaintext: in this thread, or in another. */
export type LoadBlob = (id: Uint8Array) => Promise<Uint8Array>;

type Step =
  | { readonly kind: "entry"; readonly entry: ArchiveEntry }
  | { readonly kind: "blob"; readonly bytes: Promise<Uint8Array>; readonly size: number };

/**
 * Joins entries with their content. Memory: {@link AHEAD_BYTES} and a blob.
 * @throws what loading a blob throws, when the content is asked for
 */
export async function* loadAhead(
  repo: Repository,
  entries: AsyncGenerator<ArchiveEntry>,
  load: LoadBlob,
): AsyncGenerator<ArchiveItem> {
  const queue = new StepQueue(repo, entries, load);
  try {
    for (let step = await queue.take(); step; step = await queue.take()) {
      if (step.kind === "entry") yield { entry: step.entry, content: contentOf(queue) };
    }
  } finally {
    await queue.close();
  }
}

async function* contentOf(queue: StepQueue): AsyncGenerator<Uint8Array> {
  while ((await queue.peek())?.kind === "blob") {
    const step = await queue.take();
    if (step?.kind === "blob") yield await step.bytes;
  }
}

class StepQueue {
  readonly #repo: Repository;
  readonly #entries: AsyncGenerator<ArchiveEntry>;
  readonly #load: LoadBlob;
  readonly #steps: Step[] = [];
  readonly #found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  #bytes = 0;
  #content: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;

  constructor(repo: Repository, entries: AsyncGenerator<ArchiveEntry>, load: LoadBlob) {
    this.#repo = repo;
    this.#entries = entries;
    this.#load = load;
  }

  async peek(): Promise<Step | undefined> {
    await this.#fill();
    return this.#steps[0];
  }

  async take(): Promise<Step | undefined> {
    await this.#fill();
    const step = this.#steps.shift();
    if (step?.kind === "blob") this.#bytes -= step.size;
    return step;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    const blobs = this.#steps.filter((step) => step.kind === "blob");
    await Promise.allSettled(blobs.map((step) => step.bytes));
    await this.#entries.return(undefined);
  }

  async #fill(): Promise<void> {
    while (this.#steps.length < AHEAD_STEPS && this.#bytes < AHEAD_BYTES) {
      if (this.#at < this.#content.length) this.#start();
      else if (this.#ended) return;
      else await this.#nextEntry();
    }
  }

  #start(): void {
    const id = this.#content.slice(this.#at, this.#at + ID_BYTES);
    this.#at += ID_BYTES;
    const known = this.#repo.index.lookup("data", id, this.#found);
    const size = known ? this.#found.rawLength || this.#found.length : 0;
    const bytes = this.#load(id);
    // Reported when its turn comes; until then nobody waits for it.
    bytes.catch(() => undefined);
    this.#bytes += size;
    this.#steps.push({ kind: "blob", bytes, size });
  }

  async #nextEntry(): Promise<void> {
    const next = await this.#entries.next();
    if (next.done) {
      this.#ended = true;
      return;
    }
    const entry = next.value;
    this.#steps.push({ kind: "entry", entry });
    this.#content = entry.size > 0 ? (entry.node.content ?? new Uint8Array(0)) : new Uint8Array(0);
    this.#at = 0;
  }
}
