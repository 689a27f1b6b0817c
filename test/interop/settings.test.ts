/** Every compression mode, several pack sizes and several keys, each side reading the other's. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compareTrees, fingerprintTree } from "#testkit/node/fingerprint.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { requireRestic, Workspace } from "../programs.ts";
import { say } from "../say.ts";
import { bothCheck, cofferBackup, resticBackup, restoreAndCompare } from "./both-programs.ts";

const MIB = 1 << 20;

let work: Workspace;

beforeEach(() => {
  requireRestic();
  work = new Workspace();
});
afterEach(() => {
  work.remove();
});

/** About 22 MiB that no other seed shares: noise in large and small files, and text. */
function makeData(name: string, seed: number): string {
  const root = work.path(name);
  const random = seededRandom(seed);
  mkdirSync(root);
  writeFileSync(join(root, "noise"), random.fill(new Uint8Array(18 * MIB)));
  writeFileSync(join(root, "text"), `line of ${seed}\n`.repeat(200_000));
  for (let i = 0; i < 20; i++) {
    writeFileSync(join(root, `small-${i}`), random.fill(new Uint8Array(2000 * i)));
  }
  return root;
}

/** Sizes of all packs. */
function packSizes(repo: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const folder of readdirSync(join(repo, "data"))) {
    for (const name of readdirSync(join(repo, "data", folder))) {
      sizes.set(name, statSync(join(repo, "data", folder, name)).size);
    }
  }
  return sizes;
}

interface Setting {
  readonly by: "coffer" | "restic";
  readonly compression: string;
  readonly packMiB: number;
}

const SETTINGS: readonly Setting[] = [
  { by: "coffer", compression: "auto", packMiB: 4 },
  { by: "coffer", compression: "off", packMiB: 16 },
  { by: "coffer", compression: "fastest", packMiB: 64 },
  { by: "coffer", compression: "better", packMiB: 4 },
  { by: "coffer", compression: "max", packMiB: 16 },
  { by: "restic", compression: "auto", packMiB: 64 },
  { by: "restic", compression: "off", packMiB: 4 },
  { by: "restic", compression: "max", packMiB: 16 },
];

test.each([1, 2])("all settings in one repository of version %i", async (version) => {
  const repo = work.path("repo");
  await work.coffer(["-r", repo, "init", "--repository-version", String(version)]);
  const stored: { id: string; source: string; by: Setting["by"] }[] = [];
  let known = packSizes(repo);
  for (const [i, { by, compression, packMiB }] of SETTINGS.entries()) {
    // Version 1 knows no compression.
    if (version === 1 && compression !== "auto") continue;
    const source = makeData(`data-${i}`, i + 1);
    const args = ["--compression", compression, "--pack-size", String(packMiB)];
    const backup = by === "coffer" ? cofferBackup : resticBackup;
    const id = await backup(work, repo, source, args);
    stored.push({ id, source, by });
    const now = packSizes(repo);
    const sizes = [...now].filter(([name]) => !known.has(name)).map(([, size]) => size);
    known = now;
    const context = `${by} ${compression} ${packMiB}`;
    // A pack is closed after the blob that passes the size; blobs have up to 8 MiB.
    expect(Math.max(...sizes), context).toBeLessThan((packMiB + 9) * MIB);
    if (packMiB === 4) expect(sizes.length, context).toBeGreaterThanOrEqual(3);
    if (packMiB === 64) expect(sizes.length, context).toBeLessThanOrEqual(5);
  }
  await bothCheck(work, repo);
  for (const { id, source, by } of stored) {
    const other = by === "coffer" ? "restic" : "coffer";
    await restoreAndCompare(work, other, repo, id, fingerprintTree(source));
  }
  say(`interop settings v${version}: ${stored.length} of ${SETTINGS.length} combinations`);
});

test("each program opens with the keys that the other added", async () => {
  const repo = work.path("repo");
  const source = makeData("data", 1);
  const passwords = { first: "interop", byCoffer: "pässword ☕", byRestic: " spaces inside " };
  for (const [name, password] of Object.entries(passwords)) {
    writeFileSync(work.path(name), `${password}\n`);
  }
  await work.coffer(["-r", repo, "init"]);
  await work.coffer(["-r", repo, "key", "add", "--new-password-file", work.path("byCoffer")]);
  await work.restic(["-r", repo, "key", "add", "--new-password-file", work.path("byRestic")]);
  const empty = { RESTIC_PASSWORD: "", COFFER_PASSWORD: "" };
  for (const name of Object.keys(passwords)) {
    const args = ["-r", repo, "-p", work.path(name)];
    await work.coffer([...args, "backup", source], { env: empty });
    await work.restic([...args, "backup", source], { env: empty });
    await work.coffer([...args, "check"], { env: empty });
    await work.restic([...args, "check"], { env: empty });
  }
  const { stdout } = await work.restic(["-r", repo, "key", "list", "--json"]);
  const keys = JSON.parse(stdout) as { current: boolean; id: string }[];
  expect(keys).toHaveLength(3);
  const listed = await work.coffer(["-r", repo, "key", "list", "--json"]);
  expect(JSON.parse(listed.stdout)).toHaveLength(3);
  const args = ["-r", repo, "-p", work.path("byRestic"), "key", "passwd"];
  writeFileSync(work.path("changed"), "changed\n");
  await work.coffer([...args, "--new-password-file", work.path("changed")], { env: empty });
  await work.restic(["-r", repo, "-p", work.path("changed"), "snapshots"], { env: empty });
  await work.coffer(["-r", repo, "-p", work.path("byRestic"), "snapshots"], {
    env: empty,
    exit: 12,
  });
  await bothCheck(work, repo);
});

test("sparse files come back with holes where that is asked for", async () => {
  const repo = work.path("repo");
  const source = work.path("source");
  mkdirSync(source);
  const bytes = new Uint8Array(24 * MIB);
  bytes.set(seededRandom(1).fill(new Uint8Array(100_000)), 11 * MIB);
  writeFileSync(join(source, "holes"), bytes);
  await work.restic(["-r", repo, "init"]);
  const id = await resticBackup(work, repo, source);
  const target = work.path("target");
  await work.coffer(["-r", repo, "restore", id, "--target", target, "--sparse"]);
  const difference = compareTrees(fingerprintTree(source), fingerprintTree(target), {
    ignorePaths: [""],
  });
  expect(difference).toEqual([]);
  // `blocks` counts 512 bytes each.
  expect(statSync(join(target, "holes")).blocks * 512).toBeLessThan(2 * MIB);
});
