/**
 * Random histories and policies, decided by restic and by Coffer. Each host of a made-up repository
 * is a history of its own, so that one call of restic decides many. FORGET_HISTORIES scales it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { randomBelow, type Random } from "#base/random.ts";
import { utf8 } from "#base/bytes.ts";
import { parsePolicy, type PolicyOptions } from "#cli/lifecycle/forget-policy.ts";
import type { HexId } from "#format/id.ts";
import type { Snapshot } from "#format/snapshot.ts";
import { planForget } from "#operations/forget/plan-forget.ts";
import { initRepository } from "#operations/init.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import { loadSnapshots, saveSnapshot } from "#repository/snapshots.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { testPrimitives } from "#testkit/test-repository.ts";
import { PASSWORD, requireRestic, Workspace } from "../programs.ts";
import { countFromEnv, say } from "../say.ts";

const HISTORIES = countFromEnv("FORGET_HISTORIES", 500);
const SEED = countFromEnv("FORGET_SEED", 1);
const HOSTS = 25;
const POLICIES = 4;
const NOW = { seconds: 1_795_521_600, nanos: 0 };
const POLYNOMIAL = 0x25b468838dcb75n;

const work = new Workspace();
afterAll(() => work.remove());

/** Gaps between snapshots: minutes to months, so that periods fill unevenly. */
const GAPS = [60, 1_800, 3_600, 7_200, 40_000, 86_400, 90_000, 300_000, 1_000_000, 4_000_000];
const ZONES = [0, 0, 60, 120, -300, 345, -720, 840];
const TAGS = ["a", "b", "c"];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[randomBelow(random, values.length)]!;
}

/** One host's snapshots; times are distinct, as restic leaves equal ones to chance. */
function* history(random: Random, hostname: string): Generator<Snapshot> {
  let seconds = NOW.seconds - randomBelow(random, 5_000_000);
  const count = 1 + randomBelow(random, 30);
  for (let i = 0; i < count; i++) {
    yield {
      time: {
        seconds,
        nanos: randomBelow(random, 2) * 500_000_000,
        offsetMinutes: pick(random, ZONES),
      },
      tree: "00".repeat(32) as HexId,
      paths: ["/a"],
      hostname,
      username: "",
      uid: 0,
      gid: 0,
      excludes: [],
      tags: TAGS.filter(() => randomBelow(random, 3) === 0),
      programVersion: "",
      extra: [],
    };
    seconds -= 1 + randomBelow(random, pick(random, GAPS));
  }
}

const COUNTED = ["Last", "Hourly", "Daily", "Weekly", "Monthly", "Yearly"] as const;
const SPANNED = ["", "Hourly", "Daily", "Weekly", "Monthly", "Yearly"] as const;

/** One to four rules. */
function randomPolicy(random: Random): PolicyOptions {
  const options: Record<string, string | readonly string[]> = {};
  const rules = 1 + randomBelow(random, 4);
  for (let i = 0; i < rules; i++) {
    const kind = randomBelow(random, 5);
    if (kind < 3) options[`keep${pick(random, COUNTED)}`] = String(1 + randomBelow(random, 12));
    else if (kind === 3) options[`keepWithin${pick(random, SPANNED)}`] = randomSpan(random);
    else options["keepTag"] = [pick(random, ["a", "b", "a,b", "", "c"])];
  }
  return options as PolicyOptions;
}

function randomSpan(random: Random): string {
  const parts = ["y", "m", "d", "h"].map((unit) => `${randomBelow(random, 4)}${unit}`);
  return parts.filter(() => randomBelow(random, 2) === 0).join("") || "40d";
}

function argumentsOf(options: PolicyOptions): string[] {
  return Object.entries(options as Record<string, string | readonly string[]>).flatMap(
    ([name, value]) => {
      const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return typeof value === "string" ? [option, value] : [option, value.join(",")];
    },
  );
}

/** In memory, as a synced file a snapshot would take most of the time. */
async function makeRepository(seed: number): Promise<OpenedRepository> {
  const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() }, { seed });
  const backend = new MemoryBackend();
  const made = await initRepository(backend, primitives, {
    password: utf8(PASSWORD),
    owner: { username: "u", hostname: "h" },
    chunkerPolynomial: POLYNOMIAL,
    cost: { N: 2, r: 1, p: 1 },
  });
  return new OpenedRepository(backend, primitives, made);
}

/** Writes the files where restic finds them. */
function writeOut({ files }: MemoryBackend, root: string): void {
  for (const folder of ["data", "index", "locks"])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
}

interface ResticGroup {
  readonly host: string;
  readonly keep: readonly { readonly id: string }[] | null;
  readonly remove: readonly { readonly id: string }[] | null;
}

function idsOf(list: readonly { readonly id: string }[] | null): string[] {
  return (list ?? []).map(({ id }) => id).toSorted();
}

/** restic 0.19 keeps the oldest of a group while a rule has room; 0.14 does not have that rule. */
function isOnlyOldest(reasons: readonly string[]): boolean {
  return reasons.every((reason) => reason.startsWith("oldest "));
}

test("decisions agree with restic's", async () => {
  const version = requireRestic();
  const began = performance.now();
  let histories = 0;
  let decisions = 0;
  for (let seed = SEED; histories < HISTORIES; seed++) {
    const random = seededRandom(seed);
    const repo = await makeRepository(seed);
    const path = work.path(`histories-${seed}`);
    const hosts = Array.from({ length: HOSTS }, (_, i) => `h${i}`);
    for (const host of hosts) {
      for (const snapshot of history(random, host)) await saveSnapshot(repo, snapshot);
    }
    writeOut(repo.backend as MemoryBackend, path);
    const { snapshots } = await loadSnapshots(repo);
    for (let i = 0; i < POLICIES; i++) {
      const options = randomPolicy(random);
      const args = argumentsOf(options);
      const command = ["-r", path, "forget", "--dry-run", "--json", "--group-by", "host", ...args];
      const { stdout } = await work.restic(["--no-lock", "--no-cache", ...command]);
      const theirs = JSON.parse(stdout.slice(stdout.indexOf("["))) as ResticGroup[];
      const filter = { hosts };
      const groupBy = { host: true, paths: false, tags: false };
      const policy = parsePolicy(options);
      const plan = planForget(snapshots, { policy, filter, groupBy, allowRemoveAll: true }, NOW);
      expect(plan.groups.length).toBe(HOSTS);
      for (const { key, keep, remove } of plan.groups) {
        const other = theirs.find(({ host }) => host === key.hostname)!;
        const context = `seed ${seed}, ${args.join(" ")}, host ${key.hostname}`;
        const both = keep.filter(({ reasons }) => !isOnlyOldest(reasons));
        const more = keep.filter(({ reasons }) => isOnlyOldest(reasons));
        const ours = both.map(({ snapshot }) => snapshot);
        const gone = [...remove, ...more.map(({ snapshot }) => snapshot)];
        expect(idsOf(ours), context).toEqual(idsOf(other.keep));
        expect(idsOf(gone), context).toEqual(idsOf(other.remove));
        decisions++;
      }
    }
    histories += HOSTS;
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(
    `forget: ${histories} histories, ${decisions} policies on them, all as ${version.slice(0, 13)} ` +
      `decides, seeds from ${SEED}, ${seconds} s`,
  );
});
