/** What worker threads run for a check; found by the part of the name before the dot. */
import { blobTask } from "#operations/check/blob-task.ts";
import { harmTask, lostTask } from "#operations/check/harm-task.ts";
import { packTask } from "#operations/check/pack-task.ts";
import { treeTask } from "#operations/check/tree-task.ts";

export const tasks = [treeTask, packTask, blobTask, lostTask, harmTask];
