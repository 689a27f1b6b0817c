/**
 * Commands that delete are stopped dead at each of their calls to the storage, before and after the
 * call's effect. Afterwards every snapshot restores byte for byte, the check is clean but for
 * leftovers, and the command, run again, completes. SIM_RUNS sets the number of histories.
 */
import { expect, test } from "vitest";
import { removeSnapshots } from "#operations/forget/remove-snapshots.ts";
import { applyPrune } from "#operations/prune/apply-prune.ts";
import { planPrune } from "#operations/prune/plan-prune.ts";
import { applyRepairIndex, planRepairIndex } from "#operations/repair/repair-index.ts";
import { repairPacks } from "#operations/repair/repair-packs.ts";
import { repairSnapshots } from "#operations/repair/repair-snapshots.ts";
import { tagSnapshots } from "#operations/tag.ts";
import { type HexId, parseId } from "#format/id.ts";
import { loadIndex } from "#repository/load-index.ts";
import type { Repository } from "#repository/repository.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import {
  type Command,
  copyWorld,
  crashEverywhere,
  makeWorld,
  runCommand,
  SETTINGS,
  type Tally,
} from "./crash-world.ts";
import { countFromEnv, say } from "../say.ts";

const HISTORIES = countFromEnv("SIM_RUNS", 1);
const FIRST_SEED = countFromEnv("SIM_SEED", 1);
/** Crash points of each repair, spread over its calls. */
const MOST = 25 * HISTORIES;

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

async function packIds(repo: Repository): Promise<HexId[]> {
  const ids: HexId[] = [];
  for await (const { name } of repo.backend.list("pack")) ids.push(parseId(name)!);
  return ids;
}

function repairIndex(readAllPacks: boolean): Command {
  return {
    name: `repair index (${readAllPacks ? "all packs" : "what is wrong"})`,
    startsDamaged: !readAllPacks,
    async run(repo, _pool, signal) {
      const plan = await planRepairIndex(repo, { readAllPacks }, { signal });
      await applyRepairIndex(repo, plan, { signal });
    },
  };
}

const repairEveryPack: Command = {
  name: "repair packs",
  async run(repo, _pool, signal) {
    const ids = await packIds(repo);
    const saveCopy = (): Promise<void> => Promise.resolve();
    await repairPacks(repo, { ids, settings: SETTINGS, saveCopy }, { signal });
  },
};

const repairEverySnapshot: Command = {
  name: "repair snapshots",
  startsDamaged: true,
  async run(repo, _pool, signal) {
    const { snapshots } = await loadSnapshots(repo);
    await loadIndex(repo);
    const options = { settings: SETTINGS, forget: true, dryRun: false };
    await repairSnapshots(repo, snapshots, options, snapshots, { signal });
  },
  async isDone(repo) {
    const { snapshots } = await loadSnapshots(repo);
    await loadIndex(repo);
    const options = { settings: SETTINGS, forget: false, dryRun: true };
    const { repaired, lost } = await repairSnapshots(repo, snapshots, options, snapshots);
    return repaired + lost === 0;
  },
};

function tell(what: string, tally: Tally, began: number): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const seeds = `seeds ${FIRST_SEED}-${FIRST_SEED + HISTORIES - 1}`;
  say(
    `${what}: ${tally.points} crash points, ${tally.compared} snapshots compared, ` +
      `${seeds}, ${seconds} s`,
  );
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
  tell("forget, prune, tag", tally, began);
  expect(tally.points).toBeGreaterThan(100);
});

test("a crash at any storage call of a repair loses nothing", async () => {
  const tally: Tally = { points: 0, compared: 0 };
  const began = performance.now();
  for (let i = 0; i < HISTORIES; i++) {
    const { world, truth } = await makeWorld(FIRST_SEED + i);
    await crashEverywhere(world, repairIndex(true), truth, [], tally, MOST);
    await crashEverywhere(world, repairEveryPack, truth, [], tally, MOST);
    const { files } = world.storage;
    for (const path of files.keys()) {
      if (path.startsWith("index/") && files.size % 2 === 0) files.delete(path);
      else if (path.startsWith("index/")) files.set(path, new Uint8Array(50));
    }
    await crashEverywhere(world, repairIndex(false), truth, [], tally, MOST);
    // What a lost pack takes along is gone; the rest must be clean after the repair.
    const damaged = copyWorld(world);
    const pack = [...damaged.storage.files.keys()]
      .filter((path) => path.startsWith("data/"))
      .at(1)!;
    damaged.storage.files.delete(pack);
    await runCommand(damaged.machine, damaged.storage, repairIndex(false));
    await crashEverywhere(damaged, repairEverySnapshot, new Map(), [], tally, MOST);
  }
  tell("repairs", tally, began);
  expect(tally.points).toBeGreaterThan(60);
});
