/** When to try again, and when to give up: exponential waits with jitter, bounded in total. */
import type { Clock } from "#base/clock.ts";
import { randomBelow, type Random } from "#base/random.ts";
import { isCofferError, messageOf, type CofferError } from "#base/errors.ts";

export interface BackOffOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** First wait. Default 1 s, as restic. */
  readonly firstMs?: number;
  /** Longest single wait, before jitter. Default 60 s. */
  readonly longestMs?: number;
  /** Time after which a call is not tried again. Default 15 minutes, as restic. */
  readonly totalMs?: number;
  readonly onRetry?: (event: RetryEvent) => void;
}

export interface RetryEvent {
  /** What is being tried: `read pack 73d04e61`. */
  readonly call: string;
  /** 1 after the first failure. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly message: string;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the time is used up; at least two tries.
 * Only errors marked `retryable` are tried again. A storage that says when to come back
 * (`retryAfterMs` in the error's data) is obeyed.
 * @throws the last error, or ABORTED while waiting
 */
export async function withRetries<T>(
  call: string,
  attempt: (number: number) => Promise<T>,
  options: BackOffOptions,
  signal?: AbortSignal,
): Promise<T> {
  const { clock, firstMs = 1000, longestMs = 60_000, totalMs = 15 * 60_000 } = options;
  const began = clock.monotonicMs();
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      const base = Math.min(longestMs, firstMs * 2 ** (number - 1));
      const waitMs = Math.max(jittered(base, options.random), retryAfter(error));
      const spent = clock.monotonicMs() - began;
      if (number > 1 && spent + waitMs > totalMs) throw error;
      options.onRetry?.({ call, attempt: number, waitMs, message: messageOf(error) });
      // A first wait beyond the budget is cut to it, so that one retry always happens.
      await clock.sleep(Math.min(waitMs, totalMs), signal);
    }
  }
}

/** True for errors that a later try may cure. */
export function isRetryable(error: unknown): error is CofferError {
  return isCofferError(error) && error.retryable;
}

/** Between half and one and a half of the time, so that many clients do not come back together. */
function jittered(ms: number, random: Random): number {
  return Math.round(ms * (0.5 + randomBelow(random, 1001) / 1000));
}

function retryAfter(error: CofferError): number {
  const ms = error.data["retryAfterMs"];
  return typeof ms === "number" && Number.isFinite(ms) ? ms : 0;
}
