/**
 * Backup, restore and check over storage that fails, lies and loses answers at random, behind the
 * retry wrapper. Whatever a program reports as success must be true; what it reports as failure
 * must have harmed nothing. SIM_RUNS scales the number of runs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { RetryBackend } from "#backends/wrappers/retry.ts";
import { isCofferError } from "#base/errors.ts";
import { randomBelow, type Random } from "#base/random.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import type { FileType } from "#backends/backend.ts";
import type { FaultKind, FaultOptions } from "#testkit/fault-plan.ts";
import { restore } from "#operations/restore/restore.ts";
import { FaultyBackend } from "#testkit/faulty-backend.ts";
import { compareTrees, fingerprintTree, type TreePrint } from "#testkit/node/fingerprint.ts";
import { removeTree } from "#testkit/node/deep-tree.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { countFromEnv, say } from "../say.ts";
import { RandomSource } from "./random-source.ts";
import { factsOfSource, factsOfTree, type TreeFacts } from "./tree-facts.ts";
import {
  copyStorage,
  Machine,
  openForReading,
  simulateBackup,
  simulateCheck,
  simulateInit,
} from "./world.ts";

const RUNS = 5 * countFromEnv("SIM_RUNS", 4);
const FIRST_SEED = countFromEnv("SIM_SEED", 1);
const STEPS = 5;

/** All kinds but lost writes: against a storage that forgets what it confirmed nothing helps. */
const KINDS: readonly FaultKind[] = [
  "error-before",
  "error-after",
  "denied",
  "torn-write",
  "truncated-read",
  "flip-once",
  "flip-always",
  "wrong-object",
  "hide-newest",
  "repeat-entries",
  "list-removed",
  "stop-listing",
];

const crypto = createNodeCrypto(seededRandom(1));

interface Tally {
  backups: number;
  backupsFailed: number;
  restores: number;
  restoresFailed: number;
  checks: number;
  checksFailed: number;
  faults: number;
}

/** Some kinds, each with its own chance; `full` comes seldom since it ends every backup. */
function drawFaults(random: Random): Omit<FaultOptions, "seed"> {
  const chances: Partial<Record<FaultKind, number>> = {};
  for (const kind of KINDS) {
    if (randomBelow(random, 2) === 0) chances[kind] = (1 + randomBelow(random, 60)) / 1000;
  }
  if (chances.denied !== undefined) chances.denied /= 10;
  return { chances, most: 1 + randomBelow(random, 40) };
}

class FaultRun {
  readonly machine: Machine;
  readonly storage = new MemoryBackend();
  readonly truth = new Map<string, TreeFacts>();
  readonly acknowledged = new Set<string>();
  readonly #random: Random;
  readonly #seed: number;
  readonly #folder: string;
  readonly #tally: Tally;
  #faults = 0;

  constructor(seed: number, folder: string, tally: Tally) {
    this.machine = new Machine(seed);
    this.#random = seededRandom(seed);
    this.#seed = seed;
    this.#folder = folder;
    this.#tally = tally;
  }

  async all(): Promise<void> {
    await simulateInit(this.machine, this.storage, this.#seed % 3 === 0 ? 1 : 2);
    const made = new RandomSource(this.#random, 10);
    for (let step = 0; step < STEPS; step++) {
      if (step > 0) made.change();
      await this.#backup(made, `step-${step}`);
      await this.#restore(step);
      await this.#check();
    }
  }

  /** Storage as a program sees it this time. */
  #open(storage: MemoryBackend): { faulty: FaultyBackend; backend: RetryBackend } {
    const seed = this.#seed * 1000 + ++this.#faults;
    const faulty = new FaultyBackend(storage, { seed, ...drawFaults(this.#random) });
    const clock = this.machine.time.process();
    const backend = new RetryBackend(faulty, { clock, random: seededRandom(seed) });
    return { faulty, backend };
  }

  async #backup(made: RandomSource, tag: string): Promise<void> {
    const { source } = made;
    this.truth.set(tag, factsOfSource(source, "/home", crypto));
    const { faulty, backend } = this.#open(this.storage);
    this.#tally.backups++;
    const done = await this.#attempt(faulty, () =>
      simulateBackup(this.machine, backend, { source, tag, checkpointEveryMs: 0 }),
    );
    if (done === undefined) this.#tally.backupsFailed++;
    else if (done.errors === 0) this.acknowledged.add(tag);
    await this.#verifyTruth(faulty);
    // A write given up half-way may stay as a torn file; a person has to remove such an index.
    await this.#sweepTorn();
  }

  /** Reads the storage itself, without faults: whole, and nothing refers to what is missing. */
  async #verifyTruth(faulty: FaultyBackend): Promise<void> {
    const where = `seed ${this.#seed}, ${faulty.plan.describe()}`;
    const storage = copyStorage(this.storage);
    const torn = await tornFiles(storage);
    for (const { type, name } of torn) await storage.remove({ type, name });
    const { repo, snapshots } = await openForReading(this.machine, storage);
    for (const { tree, tags } of snapshots) {
      expect(await factsOfTree(repo, tree), where).toEqual(this.truth.get(tags[0]!));
    }
    const seen = snapshots.flatMap(({ tags }) => tags);
    for (const tag of this.acknowledged) expect(seen, where).toContain(tag);
    const result = await simulateCheck(this.machine, storage);
    expect(result.errors, where).toEqual([]);
  }

  async #sweepTorn(): Promise<void> {
    for (const { type, name } of await tornFiles(this.storage)) {
      await this.storage.remove({ type, name });
    }
  }

  async #restore(step: number): Promise<void> {
    const { faulty, backend } = this.#open(this.storage);
    const target = join(this.#folder, `faulty-${step}`);
    this.#tally.restores++;
    let tag: string | undefined;
    const result = await this.#attempt(faulty, async () => {
      const { repo, snapshots, pool } = await openForReading(this.machine, backend);
      const snapshot = snapshots.at(-1);
      if (snapshot === undefined) return undefined;
      tag = snapshot.tags[0];
      return restore(repo, pool, { tree: snapshot.tree, target });
    });
    if (result === undefined || result.errors > 0) this.#tally.restoresFailed++;
    else expect(differences(await this.#expected(tag!), target)).toEqual([]);
    removeTree(target);
  }

  /** The same snapshot restored without faults. */
  async #expected(tag: string): Promise<TreePrint> {
    const { repo, snapshots, pool } = await openForReading(this.machine, this.storage);
    const { tree } = snapshots.find(({ tags }) => tags[0] === tag)!;
    const target = join(this.#folder, "expected");
    const { errors } = await restore(repo, pool, { tree, target });
    expect(errors).toBe(0);
    const print = fingerprintTree(target);
    removeTree(target);
    return print;
  }

  /** The storage is sound here, so that any answer but "sound" is due to faults while reading. */
  async #check(): Promise<void> {
    const { faulty, backend } = this.#open(copyStorage(this.storage));
    this.#tally.checks++;
    const result = await this.#attempt(faulty, () => simulateCheck(this.machine, backend));
    if (result === undefined || result.errorCount > 0) this.#tally.checksFailed++;
  }

  /** Undefined when it failed as programs may: with an error that has a code. */
  async #attempt<T>(faulty: FaultyBackend, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const where = `seed ${this.#seed}, ${faulty.plan.describe()}`;
      if (!isCofferError(error) || error.code === "INTERNAL") {
        throw new Error(`${where}: ${String(error)}`, { cause: error });
      }
      return undefined;
    } finally {
      this.#tally.faults += faulty.plan.hits.length;
    }
  }
}

/** Files whose bytes do not have the hash in their name. */
async function tornFiles(storage: MemoryBackend): Promise<{ type: FileType; name: string }[]> {
  const torn: { type: FileType; name: string }[] = [];
  for (const type of ["index", "snapshot", "pack", "lock"] as const) {
    for await (const { name } of storage.list(type)) {
      const bytes = await storage.read({ type, name });
      if (Buffer.from(crypto.sha256(bytes)).toString("hex") !== name) torn.push({ type, name });
    }
  }
  return torn;
}

function differences(expected: TreePrint, target: string): string[] {
  // The target folder itself is no part of a snapshot.
  return compareTrees(expected, fingerprintTree(target), { ignorePaths: [""] });
}

test("success is never reported wrongly, whatever the storage does", async () => {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "coffer-faults-"));
  const tally: Tally = {
    backups: 0,
    backupsFailed: 0,
    restores: 0,
    restoresFailed: 0,
    checks: 0,
    checksFailed: 0,
    faults: 0,
  };
  try {
    for (let i = 0; i < RUNS; i++) await new FaultRun(FIRST_SEED + i, folder, tally).all();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(
    `faults: ${tally.faults} injected; ${tally.backups} backups (${tally.backupsFailed} failed), ` +
      `${tally.restores} restores (${tally.restoresFailed} failed), ${tally.checks} checks ` +
      `(${tally.checksFailed} reported), seeds ${FIRST_SEED}-${FIRST_SEED + RUNS - 1}, ${seconds} s`,
  );
  expect(tally.faults).toBeGreaterThan(RUNS);
  expect(tally.restores).toBeGreaterThan(tally.restoresFailed);
});
