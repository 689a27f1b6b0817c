/**
 * Suites that any test runner and platform can run: lists of named cases that throw when they fail.
 * Tests in Node and in the browser turn them into their own.
 */

export interface SuiteCase {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/** Throws when the two differ as JSON would show them (bigints as text). */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  const [seen, wanted] = [show(actual), show(expected)];
  if (seen !== wanted) throw new Error(`${what}: got ${seen}, expected ${wanted}`);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "bigint" ? item.toString(16) : item,
  );
}

/** Runs the action and gives what it threw; throws itself when the action did not. */
export function thrownBy(what: string, action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error(`${what}: expected an error`);
}
