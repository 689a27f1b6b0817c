/** Steps that interop suites share. Each throws when a program fails or disagrees. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { makeOddTree } from "#testkit/node/odd-tree.ts";
import { compareTrees, fingerprintTree, type TreePrint } from "#testkit/node/fingerprint.ts";
import { removeTree } from "#testkit/node/deep-tree.ts";
import { lastMessage, type Workspace } from "../programs.ts";

/** A snapshot as both programs list it with --json. */
export interface ListedSnapshot {
  readonly id: string;
  readonly tree: string;
  readonly paths: readonly string[];
}

/**
 * Entries that restic 0.14 stores or restores differently from what they are, whoever wrote them: a
 * link's own attributes, hard-linked links, targets that are not UTF-8, times beyond 2262.
 */
export const RESTIC_LOSSES = [
  "attributes/link",
  "attributes/several",
  "links/dangling",
  "links/dangling-too",
  "links/not-utf8",
  "times/year-2400",
];

/**
 * Makes the tree of oddities. Returns its path. `common` leaves out what restic before 0.16 stores
 * differently from later versions and from the file: a link's attributes, link targets that are not
 * UTF-8, names with characters newer than its Unicode tables.
 */
export function makeSource(work: Workspace, common = false): string {
  const root = work.path("source");
  const { skipped } = makeOddTree(root);
  // Without root some of the tree is missing and the suite proves less: better to fail.
  expect(skipped).toEqual([]);
  if (common) {
    rmSync(join(root, "attributes/link"));
    rmSync(join(root, "links/not-utf8"));
    rmSync(join(root, "names/newer-than-unicode-15-\u{105c0}"));
  }
  return root;
}

/**
 * The tree as the format can hold it: names of attributes are JSON text, so that bytes that are not
 * UTF-8 become U+FFFD, in restic as well.
 */
export function storableTree(source: string): TreePrint {
  const storable = new Map(fingerprintTree(source));
  const odd = storable.get("attributes/several");
  if (odd?.xattrs !== undefined) {
    const xattrs = odd.xattrs.replace('\u00e9"', '\u00ef\u00bf\u00bd"');
    storable.set("attributes/several", { ...odd, xattrs });
  }
  return storable;
}

/** Backs up `.`, so that folders above, which change all the time, are not part of the tree. */
async function backUp(
  work: Workspace,
  program: "coffer" | "restic",
  repo: string,
  source: string,
  more: readonly string[],
): Promise<string> {
  const args = ["-r", repo, "backup", "--json", ...more, "."];
  const { stdout } = await work[program](args, { cwd: source });
  return String(lastMessage(stdout, "summary")["snapshot_id"]);
}

export function cofferBackup(
  work: Workspace,
  repo: string,
  source: string,
  more: readonly string[] = [],
): Promise<string> {
  return backUp(work, "coffer", repo, source, more);
}

export function resticBackup(
  work: Workspace,
  repo: string,
  source: string,
  more: readonly string[] = [],
): Promise<string> {
  return backUp(work, "restic", repo, source, more);
}

/** By restic, so that it vouches for what it reads. */
export async function resticSnapshots(work: Workspace, repo: string): Promise<ListedSnapshot[]> {
  const { stdout } = await work.restic(["-r", repo, "snapshots", "--json"]);
  return JSON.parse(stdout) as ListedSnapshot[];
}

export async function cofferSnapshots(work: Workspace, repo: string): Promise<ListedSnapshot[]> {
  const { stdout } = await work.coffer(["-r", repo, "snapshots", "--json"]);
  return JSON.parse(stdout) as ListedSnapshot[];
}

/** Both programs read everything. */
export async function bothCheck(work: Workspace, repo: string): Promise<void> {
  await work.restic(["-r", repo, "check", "--read-data"]);
  await work.coffer(["-r", repo, "check", "--read-data"]);
}

export interface Restored {
  /** More options for the program. */
  readonly args?: readonly string[];
  /** Entries of which only presence is compared. */
  readonly losses?: readonly string[];
}

/** Restores with one of the programs; what differs from the expected tree, one line each. */
export async function restoredDifferences(
  work: Workspace,
  program: "coffer" | "restic",
  repo: string,
  snapshot: string,
  expected: TreePrint,
  { args = [], losses = [] }: Restored = {},
): Promise<string[]> {
  const target = work.path(`restored-${program}`);
  await work[program](["-r", repo, "restore", snapshot, "--target", target, ...args]);
  const actual = fingerprintTree(target);
  removeTree(target);
  // The target itself is no part of a snapshot of `.`.
  return compareTrees(expected, actual, { ignorePaths: ["", ...losses] });
}

/** Restores with one of the programs and compares everything. */
export async function restoreAndCompare(
  ...args: Parameters<typeof restoredDifferences>
): Promise<void> {
  expect(await restoredDifferences(...args)).toEqual([]);
}
