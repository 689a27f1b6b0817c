/**
 * A backup is stopped dead at each of its calls to the storage, before and after the call's effect.
 * Afterwards every snapshot that is there restores byte for byte, the check is clean, and the next
 * backup is whole. SIM_RUNS sets the number of histories.
 */
import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { toHex } from "#base/bytes.ts";
import { randomBelow } from "#base/random.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { CrashingBackend, SimulatedCrash, type CrashPoint } from "#testkit/crashing-backend.ts";
import { RecordingBackend } from "#testkit/recording-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { countFromEnv, say } from "../say.ts";
import { RandomSource } from "./random-source.ts";
import { factsOfSource, factsOfTree, type TreeFacts } from "./tree-facts.ts";
import {
  copyStorage,
  openForReading,
  simulateBackup,
  simulateCheck,
  simulateInit,
  Machine,
} from "./world.ts";

const HISTORIES = countFromEnv("SIM_RUNS", 4);
const STEPS = 4;
const FIRST_SEED = countFromEnv("SIM_SEED", 1);

const crypto = createNodeCrypto(seededRandom(1));
/** Tag of a snapshot to what it must hold. */
type Truth = Map<string, TreeFacts>;

interface World {
  readonly machine: Machine;
  readonly storage: MemoryBackend;
}

function copyWorld({ machine, storage }: World): World {
  return { machine: machine.copy(), storage: copyStorage(storage) };
}

/** Every snapshot there is, compared in full. Returns how many. */
async function verifyAll(
  machine: Machine,
  storage: MemoryBackend,
  truth: Truth,
  acknowledged: ReadonlySet<string>,
): Promise<number> {
  const { repo, snapshots, broken } = await openForReading(machine, storage);
  expect(broken).toBe(0);
  for (const { tree, tags } of snapshots) {
    expect(await factsOfTree(repo, tree)).toEqual(truth.get(tags[0]!));
  }
  const seen = new Set(snapshots.flatMap(({ tags }) => tags));
  for (const tag of acknowledged) expect(seen).toContain(tag);
  const result = await simulateCheck(machine, storage);
  expect(result.errors).toEqual([]);
  return snapshots.length;
}

interface Tally {
  points: number;
  snapshots: number;
  pairs: number;
}

/**
 * One history: each step crashes everywhere, or at `most` calls, then goes on from one of the
 * states that a crash left.
 */
async function runHistory(seed: number, tally: Tally, most = Infinity): Promise<string> {
  const random = seededRandom(seed);
  const made = new RandomSource(random, 12);
  const { source } = made;
  const truth: Truth = new Map();
  const acknowledged = new Set<string>();
  const log: string[] = [];
  let world: World = { machine: new Machine(seed), storage: new MemoryBackend() };
  await simulateInit(world.machine, world.storage, seed % 2 === 0 ? 1 : 2);
  for (let step = 0; step < STEPS; step++) {
    if (step > 0) made.change();
    const tag = `step-${step}`;
    truth.set(tag, factsOfSource(source, "/home", crypto));
    const plan = { source, tag, checkpointEveryMs: step % 2 === 0 ? 0 : Infinity };
    const counting = new RecordingBackend(copyStorage(world.storage));
    const whole = new CrashingBackend(counting, { at: Infinity, when: "before" });
    await simulateBackup(world.machine.copy(), whole, plan);
    log.push(counting.hash());
    const next = `after-${step}`;
    truth.set(next, truth.get(tag)!);
    const survivors: World[] = [];
    const stride = Math.max(1, Math.ceil(whole.calls / most));
    for (let at = 1; at <= whole.calls; at += stride) {
      for (const when of ["before", "after"] as const) {
        const point: CrashPoint = { at, when };
        const run = { acknowledged, next, tally };
        survivors.push(await crashAndRecover(point, world, plan, truth, run));
      }
    }
    // Orphans of crashes pile up from step to step, as they do in life.
    world = survivors[randomBelow(random, survivors.length)]!;
    await simulateBackup(world.machine, world.storage, plan);
    acknowledged.add(tag);
  }
  log.push(toHex(crypto.sha256(joined(world.storage))));
  return log.join(" ");
}

function joined(storage: MemoryBackend): Uint8Array {
  return new TextEncoder().encode([...storage.files.keys()].toSorted().join("\n"));
}

interface CrashRun {
  readonly acknowledged: ReadonlySet<string>;
  /** Tag of the backup after the crash. */
  readonly next: string;
  readonly tally: Tally;
}

/** Returns the world as the crash left it. */
async function crashAndRecover(
  point: CrashPoint,
  from: World,
  plan: Parameters<typeof simulateBackup>[2],
  truth: Truth,
  { acknowledged, next, tally }: CrashRun,
): Promise<World> {
  const { machine, storage } = copyWorld(from);
  const crashing = new CrashingBackend(storage, point);
  const known = new Set(acknowledged);
  try {
    await simulateBackup(machine, crashing, plan);
    known.add(plan.tag);
  } catch (error) {
    // What a dying process throws is of no interest, but it must be dead.
    if (!crashing.isDead) throw error;
    if (!(error instanceof SimulatedCrash) && !(error instanceof Error)) throw error;
  }
  expect(crashing.isDead).toBe(true);
  const context = `seed ${machine.seed}, ${plan.tag}, crash ${point.when} call ${point.at}`;
  const left = copyWorld({ machine, storage });
  try {
    tally.snapshots += await verifyAll(machine, storage, truth, known);
    tally.points++;
    const second = { ...plan, tag: next };
    if (point.at % 5 === 0) {
      // A crash in the recovery as well.
      const again = new CrashingBackend(storage, { at: point.at + 3, when: point.when });
      await simulateBackup(machine, again, second).catch(() => undefined);
      tally.pairs++;
    }
    await simulateBackup(machine, storage, second);
    known.add(next);
    tally.snapshots += await verifyAll(machine, storage, truth, known);
  } catch (error) {
    throw new Error(`${context}: ${String(error)}`, { cause: error });
  }
  return left;
}

test("a crash at any storage call of a backup loses nothing", async () => {
  const began = performance.now();
  const tally: Tally = { points: 0, snapshots: 0, pairs: 0 };
  for (let i = 0; i < HISTORIES; i++) await runHistory(FIRST_SEED + i, tally);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const seeds = `seeds ${FIRST_SEED}-${FIRST_SEED + HISTORIES - 1}`;
  say(
    `crash points: ${tally.points} tried (${tally.pairs} followed by a second crash), ` +
      `${tally.snapshots} snapshots compared, ${seeds}, ${seconds} s`,
  );
  expect(tally.points).toBeGreaterThan(100);
});

test("the same seed gives the same operations", async () => {
  const tally: Tally = { points: 0, snapshots: 0, pairs: 0 };
  const first = await runHistory(FIRST_SEED, tally, 4);
  const second = await runHistory(FIRST_SEED, tally, 4);
  expect(second).toBe(first);
  say(`determinism: seed ${FIRST_SEED} gave ${first.slice(0, 16)}… twice`);
});
