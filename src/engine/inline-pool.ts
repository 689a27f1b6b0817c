/** A task pool in the calling thread: for pages, tests and the simulation. */
import { SerialQueue } from "#engine/serial-queue.ts";
import { createBufferedSink, type PackSink } from "#repository/pack-sink.ts";
import type { Repository } from "#repository/repository.ts";
import type { Platform, Task, TaskContext, TaskPool } from "#repository/task-pool.ts";

/** One thread's worth of context; `size` is 1. */
export function createInlinePool(
  repository: Repository,
  platform: Platform,
  packSink: PackSink = createBufferedSink(repository.backend),
): TaskPool {
  const listeners = new Set<(event: unknown, thread: number) => void>();
  const queue = new SerialQueue();
  const context: TaskContext = {
    repository,
    platform,
    packSink,
    state: new Map(),
    emit(event): void {
      for (const listener of listeners) listener(event, 0);
    },
  };
  return {
    size: 1,
    run<Input, Output>(task: Task<Input, Output>, input: Input): Promise<Output> {
      if (task.serial) return queue.run(() => task.run(context, input));
      return task.run(context, input);
    },
    listen(listener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => Promise.resolve(),
  };
}
