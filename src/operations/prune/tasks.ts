/** What worker threads run for a prune; found by the part of the name before the dot. */
import {
  beginTask,
  endTask,
  flushTask,
  mergeTask,
  repackTask,
} from "#operations/prune/repack-task.ts";
import { treeTask } from "#operations/prune/tree-task.ts";
import type { Task } from "#repository/task-pool.ts";

export const tasks = [
  treeTask,
  beginTask,
  repackTask,
  flushTask,
  mergeTask,
  endTask,
] as readonly Task<never, unknown>[];
