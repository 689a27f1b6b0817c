/** Every task of a restore; a thread finds them here by name. */
import { compareTask } from "#operations/restore/task-compare.ts";
import { contentTask } from "#operations/restore/task-content.ts";
import { createTask, finishTask } from "#operations/restore/task-files.ts";
import {
  endTask,
  folderMetaTask,
  listTask,
  removeTask,
} from "#operations/restore/task-folder-end.ts";
import { foldersTask } from "#operations/restore/task-folders.ts";
import { linksTask } from "#operations/restore/task-links.ts";
import { treeTask } from "#operations/restore/task-tree.ts";
import type { Task } from "#repository/task-pool.ts";

export const tasks: readonly Task<never, unknown>[] = [
  treeTask,
  foldersTask,
  compareTask,
  createTask,
  contentTask,
  finishTask,
  linksTask,
  listTask,
  removeTask,
  folderMetaTask,
  endTask,
];
