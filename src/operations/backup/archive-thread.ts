/** Everything one thread keeps during a backup: its saver, its chunker, its view of the source. */
import { CofferError } from "#base/errors.ts";
import { toHex } from "#base/bytes.ts";
import type { Chunker } from "#chunker/chunker.ts";
import { createTimeFormatter, type TimeFormatter } from "#format/time-formatter.ts";
import type { ArchiveSettings, ThreadEvent } from "#operations/backup/archive-protocol.ts";
import { Exclusion } from "#operations/backup/exclusion.ts";
import type { SourceTree } from "#platform/source-tree.ts";
import type { BlobSaver } from "#repository/blob-saver.ts";
import { createDiscardingSink } from "#repository/pack-sink.ts";
import type { TaskContext } from "#repository/task-pool.ts";
import { createThreadSaver } from "#repository/create-saver.ts";

const KEY = Symbol("archive thread");

export class ArchiveThread {
  readonly context: TaskContext;
  readonly settings: ArchiveSettings;
  readonly source: SourceTree;
  readonly saver: BlobSaver;
  readonly exclusion: Exclusion;
  readonly formatTime: TimeFormatter;
  readonly #chunkers: Chunker[] = [];
  #lastTree: { key: string; bytes: Uint8Array } | undefined;

  constructor(context: TaskContext, settings: ArchiveSettings) {
    const { source } = context.platform;
    if (!source) throw new CofferError("UNSUPPORTED", "This platform has no files to back up");
    const { clock } = context.repository.primitives;
    this.context = context;
    this.settings = settings;
    this.source = source;
    this.exclusion = new Exclusion(settings.exclude, settings.devices, source);
    this.formatTime = createTimeFormatter((seconds) => clock.offsetMinutesAt(seconds));
    this.saver = createThreadSaver(
      context,
      settings,
      (pack) => this.emit({ kind: "archive-pack", pack }),
      settings.dryRun ? createDiscardingSink() : context.packSink,
    );
  }

  /** The one of this thread; made by the task that begins a backup. */
  static of(context: TaskContext): ArchiveThread {
    return context.state.get(KEY) as ArchiveThread;
  }

  static begin(context: TaskContext, settings: ArchiveSettings): void {
    context.state.set(KEY, new ArchiveThread(context, settings));
  }

  static end(context: TaskContext): void {
    context.state.delete(KEY);
  }

  readonly emit = (event: ThreadEvent): void => this.context.emit(event);

  /** A chunker's window is 9 MiB or more: made for the first file and kept. */
  get chunker(): Chunker {
    const { primitives, config } = this.context.repository;
    this.#chunkers[0] ??= primitives.createChunker(config.chunkerPolynomial);
    return this.#chunkers[0];
  }

  /**
   * Plaintext of an earlier run's tree; undefined when it is lost (everything is then read again).
   */
  async loadTree(id: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (!id) return undefined;
    const key = toHex(id);
    if (this.#lastTree?.key === key) return this.#lastTree.bytes;
    if (!this.context.repository.index.has("tree", id)) return undefined;
    const bytes = await this.context.repository.loadBlob("tree", id);
    this.#lastTree = { key, bytes };
    return bytes;
  }
}
