/**
 * Forget and prune over storage that fails, lies and loses answers at random, behind the retry
 * wrapper. Whatever they report, no snapshot that was to stay is harmed. SIM_RUNS scales it.
 */
import { expect, test } from "vitest";
import type { MemoryBackend } from "#backends/memory.ts";
import { RetryBackend } from "#backends/wrappers/retry.ts";
import { toHex } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { randomBelow } from "#base/random.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { removeSnapshots } from "#operations/forget/remove-snapshots.ts";
import { applyPrune } from "#operations/prune/apply-prune.ts";
import { planPrune } from "#operations/prune/plan-prune.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import { FAULTS, type FaultKind } from "#testkit/fault-plan.ts";
import { FaultyBackend } from "#testkit/faulty-backend.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { type Command, copyWorld, makeWorld, runCommand, SETTINGS, verify } from "./crash-world.ts";
import { countFromEnv, say } from "../say.ts";

const WORLDS = countFromEnv("SIM_RUNS", 2);
const RUNS_EACH = 40;
const FIRST_SEED = countFromEnv("SIM_SEED", 1);
const VICTIMS = ["step-0", "step-2"];
const crypto = createNodeCrypto(seededRandom(1));

const forgetAndPrune: Command = {
  name: "forget --prune",
  async run(repo, pool, signal) {
    const { snapshots } = await loadSnapshots(repo);
    const victims = snapshots.filter(({ tags }) => VICTIMS.includes(tags[0]!));
    await removeSnapshots(
      repo,
      victims.map(({ id }) => id),
      { signal },
    );
    const options = { maxUnused: { kind: "bytes", bytes: 0 } } as const;
    const plan = await planPrune(repo, pool, options, { signal });
    await applyPrune(repo, pool, plan, SETTINGS, { signal });
  },
};

/** A write given up half-way may stay as a torn file; a person has to remove such an index. */
function sweepTorn({ files }: MemoryBackend): void {
  for (const [path, bytes] of files) {
    const name = path.split("/").at(-1)!;
    if (name.length === 64 && toHex(crypto.sha256(bytes)) !== name) files.delete(path);
  }
}

test("whatever the storage does, what was to stay stays", async () => {
  const tally = { points: 0, compared: 0 };
  const began = performance.now();
  let [done, failed, faults] = [0, 0, 0];
  for (let i = 0; i < WORLDS; i++) {
    const seed = FIRST_SEED + i;
    const { world, truth } = await makeWorld(seed);
    for (let number = 0; number < RUNS_EACH; number++) {
      const random = seededRandom(seed * 1000 + number);
      const chances: Partial<Record<FaultKind, number>> = {};
      for (const kind of Object.keys(FAULTS) as FaultKind[]) {
        if (randomBelow(random, 2) === 0) chances[kind] = (1 + randomBelow(random, 60)) / 1000;
      }
      if (chances.denied !== undefined) chances.denied /= 10;
      const { machine, storage } = copyWorld(world);
      const most = 1 + randomBelow(random, 40);
      const faulty = new FaultyBackend(storage, { seed: seed * 1000 + number, chances, most });
      const clock = machine.time.process();
      const backend = new RetryBackend(faulty, { clock, random });
      try {
        await runCommand(machine, backend, forgetAndPrune);
        done++;
      } catch (error) {
        if (!isCofferError(error)) throw error;
        failed++;
      }
      faults += faulty.plan.hits.length;
      sweepTorn(storage);
      try {
        await verify({ machine, storage }, truth, VICTIMS, tally);
      } catch (error) {
        throw new Error(`seed ${seed}/${number}, ${faulty.plan.describe()}`, { cause: error });
      }
    }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(
    `lying storage: ${done} prunes done, ${failed} gave up, ${faults} faults, ` +
      `${tally.compared} snapshots compared, seeds from ${FIRST_SEED}, ${seconds} s`,
  );
  expect(Math.min(done, failed)).toBeGreaterThan(0);
});
