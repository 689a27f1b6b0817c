/**
 * Runs every test: unit, slow (real processes, official restic, sweeps), browser. One project after
 * the other, so that their timings do not disturb each other. Ends with `N passed, N failed`.
 * Nothing is skipped for want of a program: what is missing fails at once.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const root = join(import.meta.dirname, "..");
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function run(program: string, words: readonly string[]): boolean {
  return (
    spawnSync(program, words, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status === 0
  );
}

/** Missing programs would turn proofs into nothing. */
function missingPrograms(): string[] {
  const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  const programs: [string, string][] = [
    ["restic", "version"],
    ["borg", "--version"],
    ["getfattr", "--version"],
    ["setfacl", "--version"],
    [chromium, "--version"],
  ];
  return programs
    .filter(([program, word]) => spawnSync(program, [word], { stdio: "ignore" }).status !== 0)
    .map(([program]) => program);
}

let passed = 0;
let failed = 0;

/** Adds a project's counts. A run that ends badly without a failed test counts as one failure. */
function runProject(project: string, folder: string): void {
  say(`\n== ${project}`);
  const file = join(folder, `${project}.json`);
  const ok = run(process.execPath, [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    `--project=${project}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  let report: Report | undefined;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    say(`The ${project} tests left no report.`);
  }
  passed += report?.numPassedTests ?? 0;
  const failures = report?.numFailedTests ?? 0;
  failed += ok ? failures : Math.max(1, failures);
}

const missing = missingPrograms();
if (missing.length > 0) {
  say(`Not installed or not working: ${missing.join(", ")}. Run \`npm run test:setup\` first.`);
  failed++;
} else if (!run(process.execPath, ["tools/build.ts"])) {
  failed++;
} else {
  const folder = mkdtempSync(join(tmpdir(), "coffer-tests-"));
  try {
    for (const project of ["unit", "slow", "browser"]) runProject(project, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
say(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
