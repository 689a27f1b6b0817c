/**
 * A value that is there at once, or later. Node's workers do file I/O synchronously (measured:
 * faster than the thread pool), a browser cannot; contracts that serve both use this type and
 * callers write `const r = f(); const v = isPromise(r) ? await r : r`.
 */
export type MaybePromise<T> = T | Promise<T>;

/** True for a value that comes later. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** The value of a call that is known to be synchronous here. @throws TypeError for a promise */
export function atOnce<T>(value: MaybePromise<T>): T {
  if (isPromise(value)) throw new TypeError("a promise where none may be");
  return value;
}
