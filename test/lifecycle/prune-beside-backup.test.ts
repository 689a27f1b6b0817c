/**
 * Backups, prunes and forgets as processes that run at once, interleaved at random at every call to
 * the storage; some die. Locks keep them apart, whoever comes too late stops, and no snapshot that
 * was acknowledged and not forgotten is ever harmed. SIM_RUNS scales it.
 */
import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import type { Backend } from "#backends/backend.ts";
import { isCofferError } from "#base/errors.ts";
import { type Random, randomBelow } from "#base/random.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { backup } from "#operations/backup/backup.ts";
import { removeSnapshots } from "#operations/forget/remove-snapshots.ts";
import { applyPrune } from "#operations/prune/apply-prune.ts";
import { planPrune } from "#operations/prune/plan-prune.ts";
import { acquireLock } from "#repository/locks.ts";
import { loadIndex } from "#repository/load-index.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import { CrashingBackend, SimulatedCrash } from "#testkit/crashing-backend.ts";
import type { MemorySource } from "#testkit/memory-source.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { backupOptions } from "#testkit/test-repository.ts";
import { RandomSource } from "../simulation/random-source.ts";
import { factsOfSource, factsOfTree, type TreeFacts } from "../simulation/tree-facts.ts";
import {
  Machine,
  openForReading,
  simulateCheck,
  simulateInit,
  SimulatedProcess,
} from "../simulation/world.ts";
import { SETTINGS } from "./crash-world.ts";
import { SlowBackend } from "./slow-backend.ts";
import { countFromEnv, say } from "../say.ts";

const HISTORIES = countFromEnv("SIM_RUNS", 6);
const FIRST_SEED = countFromEnv("SIM_SEED", 1);
const BACKUPS_EACH = 4;
const crypto = createNodeCrypto(seededRandom(1));

interface Counts {
  backups: number;
  prunes: number;
  forgotten: number;
  refused: number;
  died: number;
}

class Race {
  readonly machine: Machine;
  readonly storage = new MemoryBackend();
  readonly truth = new Map<string, TreeFacts>();
  readonly acknowledged = new Set<string>();
  readonly #random: Random;
  readonly #counts: Counts;

  constructor(seed: number, counts: Counts) {
    this.machine = new Machine(seed);
    this.#random = seededRandom(seed);
    this.#counts = counts;
  }

  /** The storage as one process sees it; one in six dies somewhere. */
  #view(): Backend {
    const clock = this.machine.time.process();
    const slow = new SlowBackend(this.storage, clock, () => randomBelow(this.#random, 120));
    const dies = randomBelow(this.#random, 6) === 0;
    const at = dies ? 8 + randomBelow(this.#random, 40) : Infinity;
    return new CrashingBackend(slow, {
      at,
      when: randomBelow(this.#random, 2) === 0 ? "before" : "after",
    });
  }

  /** Runs a process; a lock held by another, and death, are part of the game. */
  async #attempt(work: (backend: Backend) => Promise<void>): Promise<void> {
    const clock = this.machine.time.process();
    await clock.sleep(randomBelow(this.#random, 3000));
    try {
      await work(this.#view());
    } catch (error) {
      if (error instanceof SimulatedCrash) this.#counts.died++;
      else if (isCofferError(error, "LOCKED", "LOCK_LOST")) this.#counts.refused++;
      else if (isCofferError(error) && String(error.message).includes("Simulated crash")) {
        this.#counts.died++;
      } else throw error;
    }
  }

  async backups(name: string): Promise<void> {
    const made = new RandomSource(seededRandom(this.machine.seed * 31 + name.charCodeAt(0)), 6);
    for (let i = 0; i < BACKUPS_EACH; i++) {
      made.change();
      const tag = `${name}${i}`;
      this.truth.set(tag, factsOfSource(made.source, "/home", crypto));
      await this.#attempt(async (backend) => {
        await this.#backup(backend, made.source, tag);
        this.acknowledged.add(tag);
        this.#counts.backups++;
      });
    }
  }

  /** Without a parent: the sources of this test have equal times and other contents. */
  async #backup(backend: Backend, source: MemorySource, tag: string): Promise<void> {
    const process = new SimulatedProcess(this.machine);
    const repo = await process.open(backend);
    const lock = await acquireLock(repo, process.facts, { exclusive: false });
    try {
      await loadIndex(repo, { signal: lock.signal });
      const { packSize } = SETTINGS;
      const options = backupOptions(process.primitives, ["/home"], { tags: [tag], packSize });
      await backup(repo, createInlinePool(repo, { source }), options, { signal: lock.signal });
    } finally {
      await lock.release();
      process.clock.kill();
    }
  }

  async prunes(): Promise<void> {
    for (let i = 0; i < 2 * BACKUPS_EACH; i++) {
      await this.#attempt(async (backend) => {
        const process = new SimulatedProcess(this.machine);
        const repo = await process.open(backend);
        const lock = await acquireLock(repo, process.facts, {
          exclusive: true,
          retryForMs: 20_000,
        });
        try {
          const { signal } = lock;
          const { snapshots } = await loadSnapshots(repo, { signal });
          const victims = snapshots.filter(() => randomBelow(this.#random, 5) === 0);
          for (const { tags } of victims) this.acknowledged.delete(tags[0]!);
          this.#counts.forgotten += victims.length;
          const ids = victims.map(({ id }) => id);
          await removeSnapshots(repo, ids, { signal });
          const pool = createInlinePool(repo, {});
          const options = { maxUnused: { kind: "bytes", bytes: 0 } } as const;
          const plan = await planPrune(repo, pool, options, { signal });
          await applyPrune(repo, pool, plan, SETTINGS, { signal });
          this.#counts.prunes++;
        } finally {
          await lock.release();
          process.clock.kill();
        }
      });
    }
  }

  async verify(): Promise<void> {
    const result = await simulateCheck(this.machine, this.storage);
    expect(result.errors).toEqual([]);
    const { repo, snapshots, broken } = await openForReading(this.machine, this.storage);
    expect(broken).toBe(0);
    for (const { tree, tags } of snapshots) {
      expect(await factsOfTree(repo, tree)).toEqual(this.truth.get(tags[0]!));
    }
    const seen = new Set(snapshots.map(({ tags }) => tags[0]!));
    for (const tag of this.acknowledged) expect(seen).toContain(tag);
  }
}

test("backups and prunes at once: nothing acknowledged is lost", async () => {
  const counts: Counts = { backups: 0, prunes: 0, forgotten: 0, refused: 0, died: 0 };
  const began = performance.now();
  for (let i = 0; i < HISTORIES; i++) {
    const seed = FIRST_SEED + i;
    const race = new Race(seed, counts);
    await simulateInit(race.machine, race.storage, seed % 2 === 0 ? 1 : 2);
    try {
      // Locks of the dead stay until all are at rest, so each round begins without any.
      for (let round = 0; round < 2; round++) {
        await Promise.all([race.backups(`a${round}`), race.backups(`b${round}`), race.prunes()]);
        await race.verify();
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`prune beside backup: ${JSON.stringify(counts)}, seeds from ${FIRST_SEED}, ${seconds} s`);
  expect(counts.backups).toBeGreaterThan(HISTORIES);
  expect(counts.prunes).toBeGreaterThan(HISTORIES);
  expect(counts.refused).toBeGreaterThan(0);
});
