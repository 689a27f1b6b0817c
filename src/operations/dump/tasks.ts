/** What worker threads run for a dump; found by the part of the name before the dot. */
import type { Task, TaskPool } from "#repository/task-pool.ts";
import type { LoadBlob } from "#operations/dump/load-ahead.ts";

/** Loads and verifies a data blob by its 32-byte id. */
export const blobTask: Task<Uint8Array, Uint8Array> = {
  name: "dump.blob",
  run: ({ repository }, id) => repository.loadBlob("data", id),
};

export const tasks = [blobTask] as readonly Task<never, unknown>[];

/** Loads blobs in the pool's threads: reading, decryption and hashing run beside the writing. */
export function loadInPool(pool: TaskPool): LoadBlob {
  return (id) => pool.run(blobTask, id);
}
