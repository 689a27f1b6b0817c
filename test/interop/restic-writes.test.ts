/** What official restic writes, Coffer reads, verifies and extends. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requireRestic, Workspace } from "../programs.ts";
import { say } from "../say.ts";
import {
  RESTIC_LOSSES,
  bothCheck,
  cofferBackup,
  cofferSnapshots,
  makeSource,
  resticBackup,
  resticSnapshots,
  restoreAndCompare,
  storableTree,
} from "./both-programs.ts";

let work: Workspace;

beforeEach(() => {
  requireRestic();
  work = new Workspace();
});
afterEach(() => {
  work.remove();
});

describe.each([1, 2])("a repository of version %i written by restic", (version) => {
  test("is restored by Coffer as it was, and gets the same trees from Coffer", async () => {
    const repo = work.path("repo");
    const source = makeSource(work, true);
    await work.restic(["-r", repo, "init", "--repository-version", String(version)]);
    const first = await resticBackup(work, repo, source);
    const expected = storableTree(source);
    await bothCheck(work, repo);
    await restoreAndCompare(work, "coffer", repo, first, expected, { args: ["--verify"] });
    const second = await cofferBackup(work, repo, source);
    const third = await cofferBackup(work, repo, source, ["--force"]);
    const snapshots = await cofferSnapshots(work, repo);
    expect(snapshots).toHaveLength(3);
    expect(new Set(snapshots.map(({ tree }) => tree)).size).toBe(1);
    expect(snapshots.map(({ id }) => id)).toEqual(
      expect.arrayContaining([second, third].map((id) => expect.stringMatching(`^${id}`))),
    );
    expect(await resticSnapshots(work, repo)).toHaveLength(3);
    await bothCheck(work, repo);
    say(`interop v${version}: ${expected.size} entries written by restic, restored by Coffer`);
  });

  test("is extended by Coffer, pruned by restic, and read by both", async () => {
    const repo = work.path("repo");
    const source = makeSource(work);
    await work.restic(["-r", repo, "init", "--repository-version", String(version)]);
    await resticBackup(work, repo, source);
    writeFileSync(join(source, "sizes/text"), "y".repeat(3_000_000));
    const id = await cofferBackup(work, repo, source);
    const expected = storableTree(source);
    await work.restic(["-r", repo, "forget", "--keep-last", "1", "--prune", "--max-unused", "0"]);
    await bothCheck(work, repo);
    await restoreAndCompare(work, "restic", repo, id, expected, { losses: RESTIC_LOSSES });
    await restoreAndCompare(work, "coffer", repo, id, expected);
  });
});
