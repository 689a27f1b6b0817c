/** Runs a whole process and reads what the system says of it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Measurement {
  readonly wallS: number;
  /** User and system time. */
  readonly cpuS: number;
  /** Largest resident size of a single process. */
  readonly peakMb: number;
}

/**
 * Through GNU time, since Node does not tell a child's resources. Throws when the command fails.
 */
export function measure(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Measurement {
  const folder = mkdtempSync(join(tmpdir(), "coffer-bench-"));
  const file = join(folder, "time");
  try {
    const result = spawnSync("/usr/bin/time", ["-o", file, "-f", "%e %U %S %M", ...command], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    });
    if (result.error) throw result.error;
    if (result.status !== 0) {
      throw new Error(
        `${command.join(" ")} ended with ${result.status}: ${result.stderr.toString().slice(-2000)}`,
      );
    }
    const line = readFileSync(file, "utf8").trim().split("\n").at(-1)!;
    const [wall, user, system, kib] = line.split(" ").map(Number) as [
      number,
      number,
      number,
      number,
    ];
    return { wallS: wall, cpuS: user + system, peakMb: kib / 1024 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
