/** Crashing a command at each of its calls to the storage, and what must hold afterwards. */
import { expect } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import type { Backend } from "#backends/backend.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { acquireLock, removeLocks } from "#repository/locks.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
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

/** Snapshots in a fresh world. */
export const SNAPSHOTS = 5;
export const SETTINGS = { compression: "auto", packSize: 60_000, verify: true } as const;

const crypto = createNodeCrypto(seededRandom(1));

export interface World {
  readonly machine: Machine;
  readonly storage: MemoryBackend;
}

export function copyWorld({ machine, storage }: World): World {
  return { machine: machine.copy(), storage: copyStorage(storage) };
}

export interface Command {
  readonly name: string;
  run(repo: OpenedRepository, pool: TaskPool, signal: AbortSignal): Promise<void>;
  /** Tags of snapshots that may be gone afterwards. */
  readonly mayRemove?: readonly string[];
  /** The world it starts from is damaged: only what it leaves when it completes is looked at. */
  readonly startsDamaged?: boolean;
  /** Whether the command has nothing left to do. */
  isDone?(repo: OpenedRepository, pool: TaskPool): Promise<boolean>;
}

/** A command as a process of its own: `unlock`, lock, work, unlock. */
export async function runCommand(
  machine: Machine,
  backend: Backend,
  command: Command,
): Promise<void> {
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

export interface Tally {
  points: number;
  compared: number;
}

/** Every snapshot there is, compared in full where the truth is known; the check is clean. */
export async function verify(
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
    const facts = await factsOfTree(repo, tree);
    if (truth.size > 0) expect(facts).toEqual(truth.get(tags[0]!));
    tally.compared++;
  }
  for (const name of truth.keys()) if (!mayMiss.includes(name)) expect(seen).toContain(name);
  const { errors, remarks } = await simulateCheck(machine, storage);
  expect(errors).toEqual([]);
  for (const { code } of remarks) expect(["UNINDEXED_PACK", "DUPLICATE_PACK"]).toContain(code);
}

export async function crashEverywhere(
  world: World,
  command: Command,
  truth: ReadonlyMap<string, TreeFacts>,
  gone: readonly string[],
  tally: Tally,
  most = Infinity,
): Promise<void> {
  const counting = new CrashingBackend(copyStorage(world.storage), {
    at: Infinity,
    when: "before",
  });
  await runCommand(world.machine.copy(), counting, command);
  const mayMiss = [...gone, ...(command.mayRemove ?? [])];
  const stride = Math.max(1, Math.ceil(counting.calls / most));
  for (let at = 1; at <= counting.calls; at += stride) {
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
  if (command.startsDamaged !== true) await verify(world, truth, mayMiss, tally);
  await runCommand(world.machine, world.storage, command);
  await verify(world, truth, mayMiss, tally);
  if (!command.isDone) return;
  const process = new SimulatedProcess(world.machine);
  const repo = await process.open(world.storage);
  expect(await command.isDone(repo, createInlinePool(repo, {}))).toBe(true);
  process.clock.kill();
}

/** A repository with a few snapshots and what each must hold. Even seeds: version 1. */
export async function makeWorld(
  seed: number,
): Promise<{ world: World; truth: Map<string, TreeFacts> }> {
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
