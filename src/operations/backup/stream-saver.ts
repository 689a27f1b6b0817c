/** Cuts a stream into chunks and hands them to threads, a bounded number at a time. */
import type { Chunker } from "#chunker/chunker.ts";
import { blobTask } from "#operations/backup/tasks.ts";
import { concatBytes } from "#base/bytes.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Chunks under way per thread: each may take 8 MiB. */
const CHUNKS_PER_THREAD = 2;

export class StreamSaver {
  readonly #pool: TaskPool;
  readonly #chunker: Chunker;
  readonly #ids: Promise<Uint8Array>[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #start = 0;
  #end = 0;
  #size = 0;

  constructor(repository: Repository, pool: TaskPool) {
    this.#pool = pool;
    this.#chunker = repository.primitives.createChunker(repository.config.chunkerPolynomial);
  }

  /** Takes a copy of the bytes. Waits while enough chunks are under way. */
  async write(bytes: Uint8Array): Promise<void> {
    const { window } = this.#chunker;
    for (let at = 0; at < bytes.length;) {
      if (this.#end === window.length) this.#makeRoom();
      const n = Math.min(bytes.length - at, window.length - this.#end);
      window.set(bytes.subarray(at, at + n), this.#end);
      this.#end += n;
      at += n;
      await this.#cut(false);
    }
  }

  /** Data-blob ids of the whole stream, and its length. */
  async finish(): Promise<{ content: Uint8Array; size: number }> {
    await this.#cut(true);
    return { content: concatBytes(await Promise.all(this.#ids)), size: this.#size };
  }

  async #cut(final: boolean): Promise<void> {
    const { window } = this.#chunker;
    for (;;) {
      const length = this.#chunker.cut(this.#start, this.#end, final);
      if (length === 0) return;
      const chunk = window.slice(this.#start, this.#start + length);
      this.#start += length;
      this.#size += length;
      await this.#save(chunk);
    }
  }

  async #save(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    while (this.#running.size >= CHUNKS_PER_THREAD * this.#pool.size) {
      await Promise.race(this.#running);
    }
    const id = this.#pool.run(blobTask, chunk, { transfer: [chunk.buffer] });
    // A failure is met when the ids are gathered, or at the next race.
    const running = id.finally(() => this.#running.delete(running));
    this.#running.add(running);
    running.catch(() => undefined);
    this.#ids.push(id);
  }

  #makeRoom(): void {
    const { window } = this.#chunker;
    window.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#chunker.reset();
  }
}
