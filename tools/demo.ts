/**
 * The main job in one go, on this project's own files: make a repository, back up, restore,
 * compare. Runs the command line as a person would, prints each command, and keeps everything below
 * one folder.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = "coffer-demo";
const SOURCES = ["docs", "src"];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function coffer(...words: string[]): void {
  const shown = words.map((word) => (/^[\w./:=-]+$/.test(word) ? word : JSON.stringify(word)));
  say(`\n$ coffer ${shown.join(" ")}`);
  const started = process.hrtime.bigint();
  const run = spawnSync(join(root, "bin/coffer"), words, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      COFFER_REPOSITORY: `${folder}/repository`,
      COFFER_PASSWORD_FILE: `${folder}/password`,
      COFFER_CACHE_DIR: join(root, folder, "cache"),
    },
  });
  if (run.status !== 0) {
    say(
      `This failed with exit code ${run.status ?? run.signal}${run.error ? `: ${run.error}` : ""}`,
    );
    process.exit(1);
  }
  say(`(${Number((process.hrtime.bigint() - started) / 1_000_000n)} ms)`);
}

/** Path → what it is: kind, permissions, time of change, content. */
function describe(top: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
    const path = join(top, name);
    const stat = lstatSync(path, { bigint: true });
    const facts = [stat.mode.toString(8)];
    if (!stat.isSymbolicLink()) facts.push(`${stat.mtimeNs} ns`);
    if (stat.isFile()) facts.push(createHash("sha256").update(readFileSync(path)).digest("hex"));
    if (stat.isSymbolicLink()) facts.push(readlinkSync(path));
    found.set(relative(top, path), facts.join(" "));
  }
  return found;
}

/** Compares a source with its restored copy and returns how many entries are equal. */
function compare(source: string): number {
  const before = describe(join(root, source));
  const after = describe(join(root, folder, "restored", source));
  const names = new Set([...before.keys(), ...after.keys()]);
  const differing = [...names].filter((name) => before.get(name) !== after.get(name));
  for (const name of differing.slice(0, 10)) say(`differs: ${source}/${name}`);
  if (differing.length > 0) {
    say(`${differing.length} entries of ${source} differ from their restored copies.`);
    process.exit(1);
  }
  return before.size;
}

rmSync(join(root, folder), { recursive: true, force: true });
mkdirSync(join(root, folder));
writeFileSync(join(root, folder, "password"), `${randomBytes(18).toString("base64url")}\n`, {
  mode: 0o600,
});
say(`Everything goes to ${folder}/; its password is in ${folder}/password.`);

coffer("init");
coffer("backup", ...SOURCES);
coffer("backup", ...SOURCES);
coffer("snapshots");
coffer("check", "--read-data");
coffer("restore", "latest", "--target", `${folder}/restored`);

const equal = SOURCES.reduce((sum, source) => sum + compare(source), 0);
say(`
Done: ${SOURCES.join(" and ")} were backed up, encrypted and deduplicated, twice; the second time
nothing had changed and nothing was stored. The repository was verified. A restore brought back
${equal} files and folders, equal to the originals in content, permissions and times.

Official restic reads the same repository:
  restic -r ${folder}/repository --password-file ${folder}/password snapshots
Remove it all with: rm -r ${folder}`);
