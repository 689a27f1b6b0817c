/** Runs jobs that may make more jobs, a bounded number at once. */
import { throwIfAborted } from "#base/errors.ts";

/**
 * Calls `next` whenever there is room, until it gives nothing and all jobs have ended. After a
 * failure no more are started, and the first error is thrown once the running ones have settled.
 */
export async function runBounded(
  limit: number,
  next: () => (() => Promise<void>) | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = (job: () => Promise<void>): void => {
    const run = job()
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(run));
    running.add(run);
  };
  for (;;) {
    while (running.size < limit && failures.length === 0 && !signal?.aborted) {
      const job = next();
      if (!job) break;
      start(job);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failures.length > 0) throw failures[0];
  throwIfAborted(signal);
}
