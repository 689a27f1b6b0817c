/** What worker threads run for a copy; found by the part of the name before the dot. */
import {
  beginTask,
  blobsTask,
  endTask,
  flushTask,
  mergeTask,
  packTask,
  plainTask,
} from "#operations/copy/copy-tasks.ts";
import type { Task } from "#repository/task-pool.ts";

export const tasks = [
  beginTask,
  blobsTask,
  plainTask,
  packTask,
  flushTask,
  mergeTask,
  endTask,
] as readonly Task<never, unknown>[];
