/**
 * `npm run bench`: Coffer beside restic and borg on the same inputs, interleaved, whole processes.
 * Options: --rows a,b,c  --runs 5  --work DIR  --tree /usr/share  --seed S  --mib 2048  --files
 * 200000 --borg-rows a,b,c --write (puts the tables into docs/performance.md)
 */
import { mkdirSync } from "node:fs";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countTree, largeFiles, realTree, remove, smallFiles, type BenchInput } from "./inputs.ts";
import { measure, type Measurement } from "./measure.ts";
import { machineText, rowsText, writeDocument, type Row } from "./report.ts";
import { findTools, type Tool } from "./tools.ts";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "a,b,c" },
    runs: { type: "string", default: "5" },
    work: {
      type: "string",
      default: existsSync("/dev/shm") ? "/dev/shm/coffer-bench" : join(tmpdir(), "coffer-bench"),
    },
    tree: { type: "string", default: "/usr/share" },
    seed: { type: "string", default: "coffer" },
    mib: { type: "string", default: "2048" },
    files: { type: "string", default: "200000" },
    "borg-rows": { type: "string", default: "a,b,c" },
    write: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const PHASES = [
  "first backup",
  "unchanged backup",
  "5 % changed backup",
  "full restore",
  "check --read-data",
] as const;
type Phase = (typeof PHASES)[number];

const work = options.work;
mkdirSync(work, { recursive: true });
const found = findTools(work);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

function inputFor(key: string): BenchInput {
  if (key === "a") return largeFiles(work, options.seed, Number(options.mib));
  if (key === "b") return realTree(work, options.seed, options.tree);
  return smallFiles(work, options.seed, Number(options.files));
}

/** Borg wants a name for each backup. */
function archiveName(round: number, phase: Phase): string {
  return `${round}-${PHASES.indexOf(phase)}`;
}

function runPhase(tool: Tool, phase: Phase, input: BenchInput, round: number): Measurement {
  const repo = join(work, `repo-${tool.name}`);
  if (phase === "first backup") {
    remove(repo);
    measure(tool.init(repo), tool.env, work);
  }
  if (phase === "check --read-data") return measure(tool.check(repo), tool.env, work);
  if (phase !== "full restore") {
    return measure(tool.backup(repo, input.folder, archiveName(round, phase)), tool.env, work);
  }
  const target = join(work, `target-${tool.name}`);
  remove(target);
  mkdirSync(target);
  const result = measure(
    tool.restore(repo, target, archiveName(round, "5 % changed backup")),
    tool.env,
    target,
  );
  const restored = countTree(target);
  const wanted = countTree(input.folder);
  if (restored.files !== wanted.files || restored.bytes !== wanted.bytes) {
    throw new Error(
      `${tool.name} restored ${restored.files} files, ${restored.bytes} bytes; wanted ${wanted.files}, ${wanted.bytes}`,
    );
  }
  remove(target);
  return result;
}

function benchInput(input: BenchInput): Row[] {
  const borgRows = options["borg-rows"].split(",");
  const tools = found.filter((tool) => tool.name !== "borg" || borgRows.includes(input.key));
  const { files, bytes } = countTree(input.folder);
  say(`\n${input.title}: ${files} files, ${(bytes / 2 ** 20).toFixed(0)} MiB`);
  const results = new Map<Phase, Map<string, Measurement[]>>();
  for (const phase of PHASES) results.set(phase, new Map(tools.map((tool) => [tool.name, []])));
  for (let round = 0; round < Number(options.runs); round++) {
    for (const phase of PHASES) {
      if (phase === "5 % changed backup") input.change(round);
      for (let i = 0; i < tools.length; i++) {
        const tool = tools[(i + round) % tools.length]!;
        const result = runPhase(tool, phase, input, round);
        results.get(phase)!.get(tool.name)!.push(result);
        say(
          `  ${round} ${phase} ${tool.name}: ${result.wallS.toFixed(2)} s, ${result.cpuS.toFixed(1)} CPU s, ${result.peakMb.toFixed(0)} MB`,
        );
      }
    }
  }
  const title = `${input.title} (${files.toLocaleString("en")} files, ${(bytes / 2 ** 20).toFixed(0)} MiB)`;
  return PHASES.map((phase) => ({ input: title, phase, results: results.get(phase)! }));
}

const rows: Row[] = [];
const machine = machineText(found, options.seed, Number(options.runs));
for (const key of options.rows.split(",")) {
  const input = inputFor(key);
  rows.push(...benchInput(input));
  // After each input, so that a long run that is stopped leaves what it found.
  if (options.write) writeDocument(machine, rows);
  if (!options.keep) remove(input.folder);
}
say(`\n${machine}\n\n${rowsText(rows)}`);
if (!options.keep) remove(work);
