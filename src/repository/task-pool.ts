/**
 * Heavy work is cut into tasks that run wherever the entry point decides: in worker threads under
 * Node, in the calling thread in tests and in a page. A task sees its thread's own context and
 * plain data.
 */
import type { RestoreTarget } from "#platform/restore-target.ts";
import type { SourceTree } from "#platform/source-tree.ts";
import type { PackSink } from "#repository/pack-sink.ts";
import type { Repository } from "#repository/repository.ts";

/** What a task may touch. One per thread and opened repository. */
export interface TaskContext {
  readonly repository: Repository;
  readonly platform: Platform;
  /** Where packs written by this thread go. */
  readonly packSink: PackSink;
  /**
   * Things a task keeps between runs in this thread (open packs, descriptors); keyed by its owner.
   */
  readonly state: Map<symbol, unknown>;
  /** Sends an event to the pool's listener in the coordinating thread. Plain data only. */
  emit(event: unknown): void;
}

/** The machine's files; absent parts make the operations that need them fail with UNSUPPORTED. */
export interface Platform {
  readonly source?: SourceTree | undefined;
  /** Opens the folder to restore into; made if missing. */
  openTarget?(root: string): RestoreTarget;
}

/** A named unit of work. Names are unique; input and output are structured-cloneable. */
export interface Task<Input, Output> {
  readonly name: string;
  /**
   * Runs of serial tasks never overlap within one thread: for tasks that share per-thread state.
   */
  readonly serial?: boolean;
  run(context: TaskContext, input: Input): Promise<Output>;
}

export interface TaskPool {
  /** How many tasks can run at once. */
  readonly size: number;
  /**
   * Runs a task in some thread, or in the given one (0 to size − 1): per-thread state is reached
   * that way. Callers bound how many runs they have under way. Errors arrive as CofferError.
   */
  run<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    options?: { thread?: number; transfer?: readonly ArrayBuffer[] },
  ): Promise<Output>;
  /** Receives what tasks {@link TaskContext.emit}. One listener at a time; returns its removal. */
  listen(listener: (event: unknown, thread: number) => void): () => void;
  close(): Promise<void>;
}
