/**
 * Commands that delete are stopped dead at each of their calls to the storage, before and after the
 * call's effect. Afterwards every snapshot restores byte for byte, the check is clean but for
 * leftovers, and the command, run again, completes. SIM_RUNS sets the number of histories.
 */
import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import type { Backend } from "#backends/backend.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { removeSnapshots } from "#operations/forget/remove-snapshots.ts";
import { applyPrune } from "#operations/prune/apply-prune.ts";
import { planPrune } from "#operations/prune/plan-prune.ts";
import { tagSnapshots } from "#operations/tag.ts";
import { acquireLock, removeLocks } from "#repository/locks.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import type { TaskPool } from "#repository/task-pool.ts";
import { CrashingBackend, type CrashPoint } from "#testkit/crashing-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { RandomSource } from "../simulation/random-source.ts";
import { factsOfSource, factsOfTree, type TreeFacts } from "../simulation/tree-facts.ts";
import {
  copyStorage,
  Machine,
  openForReading,
  simulateBackup,
  simulateCheck,
  simulateInit,
  SimulatedProcess,
} from "../simulation/world.ts";
import { countFromEnv, say } from "../say.ts";

const HISTORIES = countFromEnv("SIM_RUNS", 2);
const FIRST_SEED = countFromEnv("SIM_SEED", 1);
const SNAPSHOTS = 5;
const SETTINGS = { compression: "auto", packSize: 60_000, verify: true } as const;

const crypto = createNodeCrypto(seededRandom(1));

interface World {
  readonly machine: Machine;
  readonly storage: MemoryBackend;
}

function copyWorld({ machine, storage }: World): World {
  return { machine: machine.copy(), storage: copyStorage(storage) };
}

interface Command {
  readonly name: string;
  run(repo: OpenedRepository, pool: TaskPool, signal: AbortSignal): Promise<void>;
  /** Tags of snapshots that may be gone afterwards. */
  readonly mayRemove?: readonly string[];
  /** Whether the command has nothing left to do. */
  isDone?(repo: OpenedRepository, pool: TaskPool): Promise<boolean>;
}

/** A command as a process of its own: `unlock`, lock, work, unlock. */
async function runCommand(machine: Machine, backend: Backend, command: Command): Promise<void> {
  const process = new SimulatedProcess(machine);
  try {
    const repo = await process.open(backend);
    await removeLocks(repo, process.facts, { all: false });
    const lock = await acquireLock(repo, process.facts, { exclusive: true });
    try {
      await command.run(repo, createInlinePool(repo, {}), lock.signal);
    } finally {
      await lock.release();
    }
  } finally {
    process.clock.kill();
  }
}

const prune: Command = {
  name: "prune",
  async run(repo, pool, signal) {
    const options = { maxUnused: { kind: "bytes", bytes: 0 } } as const;
    const plan = await planPrune(repo, pool, options, { signal });
    await applyPrune(repo, pool, plan, SETTINGS, { signal });
  },
  async isDone(repo, pool) {
    // The packs of this test are so small that merging them never ends.
    const { unindexed, remove, forget: lost, stats } = await planPrune(repo, pool, {});
    const left = stats.unused.blobs + stats.duplicate.blobs;
    return unindexed.length + remove.length + lost.length + left === 0;
  },
};

const forget: Command = {
  name: "forget",
  mayRemove: ["step-0", "step-2"],
  async run(repo, _pool, signal) {
    const { snapshots } = await loadSnapshots(repo);
    const ids = snapshots
      .filter(({ tags }) => tags.some((tag) => forget.mayRemove!.includes(tag)))
      .map(({ id }) => id);
    await removeSnapshots(repo, ids, { signal });
  },
};

const tag: Command = {
  name: "tag",
  async run(repo, _pool, signal) {
    const { snapshots } = await loadSnapshots(repo);
    await tagSnapshots(repo, snapshots, { add: ["more"] }, snapshots, { signal });
  },
  async isDone(repo) {
    const { snapshots } = await loadSnapshots(repo);
    return snapshots.every(({ tags }) => tags.includes("more"));
  },
};

interface Tally {
  points: number;
  compared: number;
}

/** Every snapshot there is, compared in full; the check finds leftovers at most. */
async function verify(
  { machine, storage }: World,
  truth: ReadonlyMap<string, TreeFacts>,
  mayMiss: readonly string[],
  tally: Tally,
): Promise<void> {
  const { repo, snapshots, broken } = await openForReading(machine, storage);
  expect(broken).toBe(0);
  const seen = new Set<string>();
  for (const { tree, tags } of snapshots) {
    seen.add(tags[0]!);
    expect(await factsOfTree(repo, tree)).toEqual(truth.get(tags[0]!));
    tally.compared++;
  }
  for (const name of truth.keys()) if (!mayMiss.includes(name)) expect(seen).toContain(name);
  const { errors, remarks } = await simulateCheck(machine, storage);
  expect(errors).toEqual([]);
  for (const { code } of remarks) expect(["UNINDEXED_PACK", "DUPLICATE_PACK"]).toContain(code);
}

async function crashEverywhere(
  world: World,
  command: Command,
  truth: ReadonlyMap<string, TreeFacts>,
  gone: readonly string[],
  tally: Tally,
): Promise<void> {
  const counting = new CrashingBackend(copyStorage(world.storage), {
    at: Infinity,
    when: "before",
  });
  await runCommand(world.machine.copy(), counting, command);
  const mayMiss = [...gone, ...(command.mayRemove ?? [])];
  for (let at = 1; at <= counting.calls; at++) {
    for (const when of ["before", "after"] as const) {
      try {
        await crashOnce(world, command, { at, when }, truth, mayMiss, tally);
      } catch (error) {
        const where = `seed ${world.machine.seed}, ${command.name}, ${when} call ${at}`;
        throw new Error(`${where}: ${String(error)}`, { cause: error });
      }
    }
  }
}

async function crashOnce(
  from: World,
  command: Command,
  point: CrashPoint,
  truth: ReadonlyMap<string, TreeFacts>,
  mayMiss: readonly string[],
  tally: Tally,
): Promise<void> {
  const world = copyWorld(from);
  const crashing = new CrashingBackend(world.storage, point);
  await runCommand(world.machine, crashing, command).catch((error: unknown) => {
    // What a dying process throws is of no interest, but it must be dead.
    if (!crashing.isDead) throw error;
  });
  expect(crashing.isDead).toBe(true);
  tally.points++;
  await verify(world, truth, mayMiss, tally);
  await runCommand(world.machine, world.storage, command);
  await verify(world, truth, mayMiss, tally);
  if (!command.isDone) return;
  const process = new SimulatedProcess(world.machine);
  const repo = await process.open(world.storage);
  expect(await command.isDone(repo, createInlinePool(repo, {}))).toBe(true);
  process.clock.kill();
}

/** A repository with a few snapshots and what each must hold. */
async function makeWorld(seed: number): Promise<{ world: World; truth: Map<string, TreeFacts> }> {
  const made = new RandomSource(seededRandom(seed), 12);
  const world = { machine: new Machine(seed), storage: new MemoryBackend() };
  await simulateInit(world.machine, world.storage, seed % 2 === 0 ? 1 : 2);
  const truth = new Map<string, TreeFacts>();
  for (let step = 0; step < SNAPSHOTS; step++) {
    if (step > 0) made.change();
    const name = `step-${step}`;
    truth.set(name, factsOfSource(made.source, "/home", crypto));
    const plan = { source: made.source, tag: name, checkpointEveryMs: Infinity };
    await simulateBackup(world.machine, world.storage, plan);
  }
  return { world, truth };
}

test("a crash at any storage call of forget, prune or tag loses nothing", async () => {
  const tally: Tally = { points: 0, compared: 0 };
  const began = performance.now();
  for (let i = 0; i < HISTORIES; i++) {
    const { world, truth } = await makeWorld(FIRST_SEED + i);
    await crashEverywhere(world, forget, truth, [], tally);
    await crashEverywhere(world, tag, truth, [], tally);
    await runCommand(world.machine, world.storage, forget);
    for (const name of forget.mayRemove!) truth.delete(name);
    await crashEverywhere(world, prune, truth, [], tally);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const seeds = `seeds ${FIRST_SEED}-${FIRST_SEED + HISTORIES - 1}`;
  say(
    `lifecycle crashes: ${tally.points} points, ${tally.compared} snapshots compared, ` +
      `${seeds}, ${seconds} s`,
  );
  expect(tally.points).toBeGreaterThan(100);
});
