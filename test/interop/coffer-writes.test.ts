/** What Coffer writes, official restic reads, verifies, extends, copies and prunes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { requireRestic, Workspace } from "../programs.ts";
import { say } from "../say.ts";
import {
  RESTIC_LOSSES,
  bothCheck,
  cofferBackup,
  makeSource,
  resticBackup,
  resticSnapshots,
  restoreAndCompare,
  restoredDifferences,
  storableTree,
} from "./both-programs.ts";

/** restic follows the link when it reads or sets attributes, so these two depend on who wrote. */
const LINK_LOSSES = { losses: ["attributes/link", "attributes/several"] };

let work: Workspace;

beforeAll(() => {
  say(`interop: ${requireRestic()}`);
});
beforeEach(() => {
  work = new Workspace();
});
afterEach(() => {
  work.remove();
});

describe.each([1, 2])("a repository of version %i written by Coffer", (version) => {
  test("is restored by restic as it was", async () => {
    const repo = work.path("repo");
    const source = makeSource(work);
    await work.coffer(["-r", repo, "init", "--repository-version", String(version)]);
    const id = await cofferBackup(work, repo, source);
    await bothCheck(work, repo);
    const expected = storableTree(source);
    await restoreAndCompare(work, "coffer", repo, id, expected, { args: ["--verify"] });
    await restoreAndCompare(work, "coffer", repo, id, expected, { args: ["--sparse"] });
    const byRestic = await restoredDifferences(work, "restic", repo, id, expected, LINK_LOSSES);
    // Whatever restic does not bring back of Coffer's snapshot is lost from its own as well.
    const own = work.path("own");
    await work.restic(["-r", own, "init"]);
    const ownId = await resticBackup(work, own, source);
    const fromOwn = await restoredDifferences(work, "restic", own, ownId, expected, LINK_LOSSES);
    expect(byRestic).toEqual(fromOwn);
    const losses = { losses: RESTIC_LOSSES };
    await restoreAndCompare(work, "restic", repo, id, expected, losses);
    say(`interop v${version}: ${expected.size} entries written by Coffer, restored by both`);
  });

  test("gets the same trees from restic", async () => {
    const repo = work.path("repo");
    const source = makeSource(work, true);
    await work.coffer(["-r", repo, "init", "--repository-version", String(version)]);
    const first = await cofferBackup(work, repo, source);
    const withParent = await resticBackup(work, repo, source);
    const forced = await resticBackup(work, repo, source, ["--force"]);
    const again = await cofferBackup(work, repo, source);
    const cofferForced = await cofferBackup(work, repo, source, ["--force"]);
    const snapshots = await resticSnapshots(work, repo);
    const ids = [first, withParent, forced, again, cofferForced];
    const trees = ids.map((id) => snapshots.find((snapshot) => snapshot.id.startsWith(id))?.tree);
    expect(new Set(trees).size).toBe(1);
    const { stdout } = await work.restic(["-r", repo, "diff", first, forced]);
    expect(stdout).toMatch(/Files:\s+0 new,\s+0 removed,\s+0 changed/);
    await bothCheck(work, repo);
  });

  test("is pruned and copied by restic, and stays whole", async () => {
    const repo = work.path("repo");
    const source = makeSource(work);
    await work.coffer(["-r", repo, "init", "--repository-version", String(version)]);
    const first = await cofferBackup(work, repo, source);
    const old = "x".repeat(3_000_000);
    writeFileSync(join(source, "sizes/text"), old);
    writeFileSync(join(source, "added"), "added");
    const id = await cofferBackup(work, repo, source);
    const { stdout } = await work.restic(["-r", repo, "diff", first, id]);
    expect(stdout).toContain("M    /sizes/text");
    expect(stdout).toMatch(/Files:\s+1 new,\s+0 removed,\s+1 changed/);
    const expected = storableTree(source);
    await work.restic(["-r", repo, "forget", "--keep-last", "1", "--prune", "--max-unused", "0"]);
    await bothCheck(work, repo);
    await restoreAndCompare(work, "coffer", repo, id, expected);
    const copy = work.path("copy");
    const from = ["--from-repo", repo];
    const env = { RESTIC_FROM_PASSWORD: "interop" };
    const init = ["-r", copy, "init", ...from, "--copy-chunker-params"];
    await work.restic([...init, "--repository-version", String(3 - version)], { env });
    await work.restic(["-r", copy, "copy", ...from], { env });
    await bothCheck(work, copy);
    await restoreAndCompare(work, "coffer", copy, "latest", expected);
  });
});
