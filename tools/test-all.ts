/**
 * Runs every test project one after the other and adds up their counts. The last line is
 * `N passed, N failed`; the exit code is non-zero on any failure, and when a project ran no test at
 * all, since a suite that silently runs nothing proves nothing.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECTS = ["unit", "slow", "browser"] as const;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The part of Vitest's JSON report that is used; the same as Jest's. */
interface JsonReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** False also for what is no test: a file that did not load, an unhandled error. */
  readonly success: boolean;
  readonly testResults: readonly { readonly status: string; readonly name: string }[];
}

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "coffer-reports-"));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function run(project: string, report: string): Promise<number> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json"];
  const child = spawn(process.execPath, [vitest, ...args, `--outputFile.json=${report}`], {
    cwd: root,
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Counts of one project; whatever is wrong beyond failed tests counts as one failure more. */
async function countsOf(project: string): Promise<Counts> {
  const file = join(folder, `${project}.json`);
  const exit = await run(project, file);
  let report: JsonReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as JsonReport;
  } catch {
    say(`${project}: no report, exit code ${exit}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  let failed = report.numFailedTests;
  if (passed + failed === 0) {
    say(`${project}: no test ran`);
    failed++;
  } else if (failed === 0 && (exit !== 0 || !report.success)) {
    const broken = report.testResults.filter(({ status }) => status === "failed");
    say(`${project}: failed outside of tests ${broken.map(({ name }) => name).join(" ")}`);
    failed += Math.max(1, broken.length);
  }
  return { passed, failed, skipped };
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
try {
  for (const project of PROJECTS) {
    const began = performance.now();
    const { passed, failed, skipped } = await countsOf(project);
    const seconds = Math.round((performance.now() - began) / 1000);
    lines.push(`${project}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const line of lines) say(line);
if (total.skipped > 0) say(`${total.skipped} skipped`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
