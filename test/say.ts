/**
 * One line of what a suite tried, straight to the terminal: test runners swallow console output.
 */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * An integer from the environment, such as SIM_RUNS. @throws Error when it is no positive integer
 */
export function countFromEnv(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`${name} must be 1 or more`);
  return count;
}
