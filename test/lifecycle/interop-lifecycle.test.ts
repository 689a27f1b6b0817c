/**
 * Both programs on one repository through its whole life: after each command that removes or
 * rewrites, the other program finds it clean, down to every byte, and restores what it should.
 */
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compareTrees, fingerprintTree, type TreePrint } from "#testkit/node/fingerprint.ts";
import { lastMessage, requireRestic, Workspace } from "../programs.ts";

let work: Workspace;
beforeEach(() => {
  requireRestic();
  work = new Workspace();
});
afterEach(() => work.remove());

/** Bytes that do not compress, the same in every run. */
function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Changes the source a little; returns what it then holds. */
function step(number: number): TreePrint {
  const source = work.path("source");
  mkdirSync(join(source, `folder-${number}`), { recursive: true });
  writeFileSync(join(source, "large"), noise(1_500_000, number));
  writeFileSync(join(source, `folder-${number}`, "text"), `text ${number}\n`.repeat(200));
  writeFileSync(join(source, `data-${number}`), noise(400_000, 100 + number));
  if (number > 1) rmSync(join(source, `data-${number - 2}`), { force: true });
  return fingerprintTree(source);
}

const SNAPSHOTS = 6;
type Program = "coffer" | "restic";

function run(program: Program, ...args: string[]) {
  return program === "coffer"
    ? work.coffer(["-r", work.path("repo"), ...args])
    : work.restic(["-r", work.path("repo"), ...args]);
}

/** A repository with snapshots of `source`, and what each holds. */
async function makeHistory(writer: Program, version: string): Promise<TreePrint[]> {
  await run(writer, "init", "--repository-version", version);
  const prints: TreePrint[] = [];
  for (let number = 0; number < SNAPSHOTS; number++) {
    prints.push(step(number));
    const time = `2024-01-${String(number + 10)} 12:00:00`;
    await run(writer, "backup", work.path("source"), "--host", "h", "--time", time);
  }
  return prints;
}

interface Listed {
  readonly id: string;
  readonly time: string;
  readonly tags?: readonly string[];
}

async function snapshots(): Promise<Listed[]> {
  return JSON.parse((await run("restic", "snapshots", "--json")).stdout) as Listed[];
}

/** Both programs find every byte sound, and the newest snapshots hold what they should. */
async function expectSound(expected: readonly TreePrint[]): Promise<void> {
  await run("restic", "check", "--read-data");
  await run("coffer", "check", "--read-data");
  const listed = await snapshots();
  expect(listed.length).toBe(expected.length);
  for (const [i, { id }] of listed.entries()) {
    const target = work.path(`restored-${i}`);
    await run(i % 2 === 0 ? "restic" : "coffer", "restore", id, "--target", target);
    const differences = compareTrees(
      expected[i]!,
      fingerprintTree(join(target, work.path("source"))),
    );
    expect(differences, `snapshot ${i}`).toEqual([]);
    rmSync(target, { recursive: true });
  }
}

test.each([
  ["restic", "coffer", "1"],
  ["restic", "coffer", "2"],
  ["coffer", "restic", "2"],
  ["coffer", "coffer", "2"],
] as const)("%s writes, %s forgets and prunes, version %s", async (writer, pruner, version) => {
  const prints = await makeHistory(writer, version);
  await run(pruner, "tag", "--add", "important", "--host", "h");
  expect((await snapshots()).every(({ tags }) => tags?.includes("important"))).toBe(true);
  await expectSound(prints);
  await run(pruner, "forget", "--keep-last", "3");
  await run(pruner, "prune", "--max-unused", "0");
  await expectSound(prints.slice(-3));
  await run(pruner, "forget", "--keep-last", "2", "--prune");
  await expectSound(prints.slice(-2));
  await run(writer, "backup", work.path("source"), "--host", "h");
  await expectSound([...prints.slice(-2), prints.at(-1)!]);
});

test("an old repository is migrated and compressed", async () => {
  const prints = await makeHistory("restic", "1");
  await run("coffer", "migrate", "upgrade_repo_v2");
  await run("coffer", "prune", "--repack-uncompressed");
  await expectSound(prints);
  const config = JSON.parse((await run("restic", "cat", "config")).stdout) as { version: number };
  expect(config.version).toBe(2);
});

test("a damaged repository is repaired; the next backup heals what the source has", async () => {
  const prints = await makeHistory("restic", "2");
  const data = work.path("repo/data");
  const packs = readdirSync(data).flatMap((folder) =>
    readdirSync(join(data, folder)).map((name) => join(data, folder, name)),
  );
  for (const file of readdirSync(work.path("repo/index"))) rmSync(work.path(`repo/index/${file}`));
  await run("coffer", "repair", "index");
  await expectSound(prints);
  const victim = packs.toSorted()[0]!;
  truncateSync(victim, 30);
  await run("coffer", "repair", "index");
  await run("coffer", "repair", "packs", victim.slice(-64)).catch(() => undefined);
  await run("coffer", "repair", "snapshots", "--forget");
  await run("restic", "check", "--read-data");
  await run("coffer", "check", "--read-data");
  await run("coffer", "backup", work.path("source"), "--host", "h", "--force");
  const { id } = (await snapshots()).at(-1)!;
  await run("restic", "restore", id, "--target", work.path("healed"));
  const healed = fingerprintTree(join(work.path("healed"), work.path("source")));
  expect(compareTrees(prints.at(-1)!, healed)).toEqual([]);
});

test("lost snapshots are recovered", async () => {
  await makeHistory("restic", "2");
  for (const file of readdirSync(work.path("repo/snapshots"))) {
    rmSync(work.path(`repo/snapshots/${file}`));
  }
  const { stdout } = await run("coffer", "recover", "--json");
  expect((lastMessage(stdout, "summary")["roots"] as string[]).length).toBe(SNAPSHOTS);
  await run("restic", "check", "--read-data");
  await run("restic", "restore", "latest", "--target", work.path("recovered"));
  expect(readdirSync(work.path("recovered")).length).toBe(SNAPSHOTS);
});
