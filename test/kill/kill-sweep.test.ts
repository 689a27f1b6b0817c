/**
 * The real program is killed with SIGKILL at many moments of a backup. Afterwards both programs
 * find the repository sound, and the next backup goes on where the killed one was.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareTrees, fingerprintTree, type TreePrint } from "#testkit/node/fingerprint.ts";
import { removeTree } from "#testkit/node/deep-tree.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { COFFER, collect, lastMessage, requireRestic, Workspace } from "../programs.ts";
import { countFromEnv, say } from "../say.ts";

const SCALE = countFromEnv("SIM_RUNS", 4);
/** Kills at moments spread over the run, and at the Nth change in the repository's folder. */
const BY_TIME = SCALE;
const BY_EVENT = 2 * SCALE;

const FOLDERS = 40;
const FILES = 80;
const FILE_BYTES = 1_600_000;
const SMALL_FILES = 800;
/** Short, so that even a backup of a second leaves some. */
const CHECKPOINT_SECONDS = "0.03";

/** Writes how much the process has read, by all its threads, to the file named by READ_FILE. */
const MEASURE =
  "import{readFileSync,writeFileSync}from'node:fs';process.on('exit',()=>" +
  "writeFileSync(process.env.READ_FILE,readFileSync('/proc/self/io')))";

let work: Workspace;
let source: string;
let expected: TreePrint;
let wholeMs: number;
/** Bytes read, and changes made in the repository, by a backup that reads everything. */
let wholeRead: number;
let wholeEvents = 0;

beforeAll(async () => {
  requireRestic();
  work = new Workspace();
  source = work.path("source");
  const random = seededRandom(1);
  mkdirSync(source);
  for (let i = 0; i < FOLDERS; i++) mkdirSync(join(source, `folder-${i}`));
  for (let i = 0; i < FILES; i++) {
    const bytes = random.fill(new Uint8Array(FILE_BYTES));
    writeFileSync(join(source, `folder-${i % FOLDERS}/large-${i}`), bytes);
  }
  for (let i = 0; i < SMALL_FILES; i++) {
    writeFileSync(
      join(source, `folder-${i % FOLDERS}/small-${i}`),
      random.fill(new Uint8Array(i * 10)),
    );
  }
  expected = fingerprintTree(source);
  await work.coffer(["-r", work.path("empty"), "init"]);
  cpSync(work.path("empty"), work.path("timed"), { recursive: true });
  const watcher = watch(work.path("timed"), { recursive: true }, () => void wholeEvents++);
  const began = performance.now();
  await work.coffer(backupArgs("timed"), backupOptions());
  wholeMs = performance.now() - began;
  watcher.close();
  wholeRead = bytesRead();
});

afterAll(() => {
  work.remove();
});

function backupArgs(repo: string): string[] {
  return ["-r", work.path(repo), "backup", "--json", "--pack-size", "4", "."];
}

function backupOptions(): { cwd: string; env: Record<string, string> } {
  const env = {
    COFFER_CHECKPOINT_SECONDS: CHECKPOINT_SECONDS,
    READ_FILE: work.path("read"),
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(MEASURE)}`,
  };
  return { cwd: source, env };
}

/** By the last backup that ended by itself. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync(work.path("read"), "utf8"))![1]);
}

interface Moment {
  readonly afterMs?: number;
  /** Changes in the repository's folders. */
  readonly afterEvents?: number;
}

/** Starts a backup into a fresh repository and kills it. True when it was still running. */
async function killAt({ afterMs, afterEvents }: Moment): Promise<boolean> {
  rmSync(work.path("repo"), { recursive: true, force: true });
  rmSync(work.path("cache-coffer"), { recursive: true, force: true });
  cpSync(work.path("empty"), work.path("repo"), { recursive: true });
  let events = 0;
  const watcher = watch(work.path("repo"), { recursive: true }, () => {
    if (++events === afterEvents) child.kill("SIGKILL");
  });
  const child = work.start(COFFER, backupArgs("repo"), backupOptions());
  const timer =
    afterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), afterMs);
  const { status } = await collect(child);
  clearTimeout(timer);
  watcher.close();
  return status === 137;
}

/** Plain bytes of data that index files name: what the next backup must not store again. */
async function indexedBytes(): Promise<number> {
  const repo = work.path("repo");
  const { stdout } = await work.restic(["-r", repo, "list", "index", "--no-lock"]);
  const blobs = new Map<string, number>();
  for (const id of stdout.split("\n").filter((line) => line !== "")) {
    const index = await work.restic(["-r", repo, "cat", "index", id, "--no-lock"]);
    const { packs } = JSON.parse(index.stdout) as {
      packs: { blobs: { id: string; type: string; length: number }[] }[];
    };
    for (const { blobs: named } of packs) {
      for (const { id: blob, type, length } of named) if (type === "data") blobs.set(blob, length);
    }
  }
  return [...blobs.values()].reduce((sum, length) => sum + length - 32, 0);
}

interface Tally {
  killed: number;
  finished: number;
  withIndex: number;
  withCheckpoint: number;
  unread: number;
  indexed: number;
}

async function recover(tally: Tally, where: string): Promise<void> {
  const repo = work.path("repo");
  await work.coffer(["-r", repo, "unlock", "--remove-all"]);
  const indexed = await indexedBytes();
  await work.restic(["-r", repo, "check"]);
  await work.coffer(["-r", repo, "check", "--read-data"]);
  const hadCheckpoint = hasCheckpoint();
  const { stdout } = await work.coffer(backupArgs("repo"), backupOptions());
  const summary = lastMessage(stdout, "summary");
  const total = Number(summary["total_bytes_processed"]);
  const added = Number(summary["data_added"]);
  // Trees: 900 nodes of some 500 bytes.
  expect(added, where).toBeLessThanOrEqual(total - indexed + 1_000_000);
  if (indexed > 0) tally.withIndex++;
  if (hadCheckpoint) {
    tally.withCheckpoint++;
    // Reading the repository's index takes some bytes that a first backup need not read.
    const unread = wholeRead - bytesRead();
    expect(unread, where).toBeGreaterThan(indexed / 2 - 2_000_000);
    tally.unread += unread;
    tally.indexed += indexed;
  }
  expect(hasCheckpoint(), where).toBe(false);
  await work.restic(["-r", repo, "check", "--read-data"]);
  const target = work.path("target");
  await work.coffer(["-r", repo, "restore", "latest", "--target", target]);
  const differences = compareTrees(expected, fingerprintTree(target), { ignorePaths: [""] });
  expect(differences, where).toEqual([]);
  removeTree(target);
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** Records of interrupted backups beside the caches. */
function hasCheckpoint(): boolean {
  const cache = work.path("cache-coffer");
  if (!existsSync(cache)) return false;
  return readdirSync(cache).some((id) => {
    const folder = join(cache, id, "checkpoints");
    return existsSync(folder) && readdirSync(folder).length > 0;
  });
}

test("killed at any moment, a backup leaves a sound repository and is continued", async () => {
  const began = performance.now();
  const tally: Tally = {
    killed: 0,
    finished: 0,
    withIndex: 0,
    withCheckpoint: 0,
    unread: 0,
    indexed: 0,
  };
  const moments: Moment[] = [];
  for (let i = 0; i < BY_TIME; i++) moments.push({ afterMs: (wholeMs * (i + 3)) / (BY_TIME + 4) });
  for (let i = 0; i < BY_EVENT; i++) {
    moments.push({ afterEvents: 1 + Math.floor((wholeEvents * (i * 0.9)) / BY_EVENT) });
  }
  for (const moment of moments) {
    if (await killAt(moment)) tally.killed++;
    else tally.finished++;
    await recover(tally, JSON.stringify(moment));
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(
    `kill sweep: ${tally.killed} killed, ${tally.finished} finished before the kill; ` +
      `${tally.withIndex} left indexed packs, ${tally.withCheckpoint} a checkpoint, after which ` +
      `${mb(tally.unread)} MB of ${mb(tally.indexed)} stored were not read again; a whole backup took ${wholeMs.toFixed(0)} ms; ${seconds} s`,
  );
  expect(tally.killed).toBeGreaterThan(moments.length / 2);
  expect(tally.withIndex).toBeGreaterThan(0);
  expect(tally.withCheckpoint).toBeGreaterThan(0);
  expect(tally.unread).toBeGreaterThan(0);
});
