/**
 * Finds a task by its name. Loaded lazily, so that a thread carries only the operation it serves.
 */
import { CofferError } from "#base/errors.ts";
import type { Task } from "#repository/task-pool.ts";

type TaskModule = { readonly tasks: readonly Task<never, unknown>[] };

/** The part of a task's name before the first dot names its operation. */
const MODULES: Readonly<Record<string, () => Promise<TaskModule>>> = {
  backup: () => import("#operations/backup/tasks.ts"),
  restore: () => import("#operations/restore/tasks.ts"),
  check: () => import("#operations/check/tasks.ts"),
  copy: () => import("#operations/copy/tasks.ts"),
  dump: () => import("#operations/dump/tasks.ts"),
  prune: () => import("#operations/prune/tasks.ts"),
};

const found = new Map<string, Task<unknown, unknown>>();

/** Loads the tasks of one operation ahead of their first use. */
export async function preloadTasks(operation: string): Promise<void> {
  for (const task of (await MODULES[operation]?.())?.tasks ?? []) {
    found.set(task.name, task as Task<unknown, unknown>);
  }
}

/** @throws INTERNAL when no operation defines the task */
export async function findTask(name: string): Promise<Task<unknown, unknown>> {
  const known = found.get(name);
  if (known) return known;
  await preloadTasks(name.slice(0, name.indexOf(".")));
  const task = found.get(name);
  if (!task) throw new CofferError("INTERNAL", `No task is called ${name}`);
  return task;
}
