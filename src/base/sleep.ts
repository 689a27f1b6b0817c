/**
 * Waiting that an AbortSignal ends. The timer functions are given, so that no runtime is named
 * here.
 */
import { CofferError } from "#base/errors.ts";

/** The two timer calls of every runtime. */
export interface Timers<Handle> {
  start(run: () => void, ms: number): Handle;
  stop(handle: Handle): void;
}

/** Longest time that timers keep apart from "at once" (a signed 32-bit number of milliseconds). */
const LONGEST_MS = 0x7fff_ffff;

/**
 * Resolves after `ms` (at most 24.8 days).
 * @throws ABORTED when the signal fires first, or has fired already
 */
export function sleepWith<Handle>(
  timers: Timers<Handle>,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const interrupted = (): void => {
      reject(new CofferError("ABORTED", "Interrupted", { cause: signal?.reason }));
    };
    if (signal?.aborted) {
      interrupted();
      return;
    }
    const onAbort = (): void => {
      timers.stop(handle);
      interrupted();
    };
    const handle = timers.start(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.min(Math.max(0, ms), LONGEST_MS),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
