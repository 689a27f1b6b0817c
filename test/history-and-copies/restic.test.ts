/** Coffer's diff, find, copy and rewrite beside official restic, in both directions. */
import { appendFileSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bothCheck,
  cofferBackup,
  cofferSnapshots,
  makeSource,
  resticBackup,
  resticSnapshots,
  restoreAndCompare,
  RESTIC_LOSSES,
  storableTree,
} from "../interop/both-programs.ts";
import { lastMessage, PASSWORD, requireRestic, Workspace } from "../programs.ts";

const work = new Workspace();
const repo = work.path("repo");
let source: string;
let first: string;
let second: string;

beforeAll(async () => {
  requireRestic();
  source = makeSource(work, true);
  await work.restic(["-r", repo, "init"]);
  first = await resticBackup(work, repo, source, ["--tag", "one"]);
  mkdirSync(join(source, "new-folder/deeper"), { recursive: true });
  writeFileSync(join(source, "new-folder/deeper/file"), "new content");
  writeFileSync(join(source, "to-change"), "1");
  second = await resticBackup(work, repo, source);
  appendFileSync(join(source, "to-change"), "2");
  rmSync(join(source, "new-folder/deeper/file"));
  utimesSync(join(source, "new-folder/deeper"), 1e9, 1e9);
  await cofferBackup(work, repo, source);
});

afterAll(() => work.remove());

const lines = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("{"));

const parsed = (text: string): unknown[] => lines(text).map((line) => JSON.parse(line) as unknown);

async function ids(): Promise<string[]> {
  return (await resticSnapshots(work, repo)).map(({ id }) => id);
}

describe("diff", () => {
  test.each([[[]], [["--metadata"]]])("gives restic's lines and counts %j", async (more) => {
    const [a, b, c] = (await ids()) as [string, string, string];
    for (const [from, to] of [
      [a, b],
      [b, c],
      [c, a],
      [`${b}:/new-folder`, `${c}:/new-folder`],
    ] as const) {
      const args = ["-r", repo, "diff", "--json", ...more, from, to];
      if (from.includes(":")) {
        // restic has subfolders since 0.15: compared with ours of the whole.
        const whole = await work.coffer(["-r", repo, "diff", "--json", ...more, b, c]);
        const part = await work.coffer(args);
        const changes = (text: string): string[] =>
          lines(text).filter((line) => line.includes('"change"'));
        const expected = changes(whole.stdout)
          .filter((line) => line.includes('"/new-folder/') && !line.includes('"/new-folder/"'))
          .map((line) => line.replace("/new-folder", ""));
        expect(changes(part.stdout)).toEqual(expected);
        continue;
      }
      const theirs = await work.restic(args);
      const ours = await work.coffer(args);
      expect(parsed(ours.stdout)).toEqual(parsed(theirs.stdout));
    }
  });

  test("against the disk", async () => {
    const { stdout } = await work.coffer(
      ["-r", repo, "diff", "--json", "--live", "latest:/", source],
      {},
    );
    expect(lastMessage(stdout, "statistics")).toMatchObject({ changed_files: 0 });
    expect(lines(stdout)).toHaveLength(1);
    const older = await work.coffer([
      "-r",
      repo,
      "diff",
      "--json",
      "--live",
      `${second}:/`,
      source,
    ]);
    const changes = lines(older.stdout).map((line) => JSON.parse(line) as { modifier?: string });
    expect(changes.map(({ modifier }) => modifier).filter(Boolean)).toEqual(["-", "M"]);
  });
});

test("find gives restic's matches", async () => {
  for (const pattern of ["to-change", "*", "new-*", "/names/*", "deeper/**"]) {
    const args = ["-r", repo, "find", "--json", pattern];
    const theirs = JSON.parse((await work.restic(args)).stdout) as FoundIn[];
    const ours = JSON.parse((await work.coffer(args)).stdout) as FoundIn[];
    expect(comparable(ours), pattern).toEqual(comparable(theirs));
  }
});

interface FoundIn {
  readonly snapshot: string;
  readonly hits: number;
  readonly matches: readonly Record<string, unknown>[];
}

/** restic 0.14 leaves inodes out, and has another order of snapshots than 0.19. */
function comparable(found: readonly FoundIn[]): unknown[] {
  return found
    .map(({ snapshot, hits, matches }) => ({
      snapshot,
      hits,
      matches: matches.map(({ inode: _inode, ...rest }) => rest),
    }))
    .toSorted((a, b) => (a.snapshot < b.snapshot ? -1 : 1));
}

describe("copy", () => {
  const copy = work.path("copy");

  test("into a new repository, whole for restic; a second run does nothing", async () => {
    await work.coffer(["-r", copy, "init", "--copy-chunker-params", "--from-repo", repo], {
      env: { COFFER_FROM_PASSWORD: PASSWORD },
    });
    const args = ["-r", copy, "copy", "--from-repo", repo, "--json"];
    const env = { COFFER_FROM_PASSWORD: PASSWORD };
    const { stdout } = await work.coffer(args, { env });
    expect(lastMessage(stdout, "summary")).toMatchObject({ snapshots_copied: 3 });
    await bothCheck(work, copy);
    const trees = async (location: string): Promise<string[]> =>
      (await resticSnapshots(work, location)).map(({ tree }) => tree).toSorted();
    expect(await trees(copy)).toEqual(await trees(repo));
    const again = await work.coffer(args, { env });
    expect(lastMessage(again.stdout, "summary")).toMatchObject({
      snapshots_copied: 0,
      snapshots_skipped: 3,
      blobs: 0,
    });
    const newest = (await cofferSnapshots(work, copy)).at(-1)!;
    await restoreAndCompare(work, "restic", copy, newest.id, storableTree(source), {
      losses: RESTIC_LOSSES,
    });
  });

  test("restic takes our copies for its own, and we take its", async () => {
    const env = { RESTIC_PASSWORD2: PASSWORD, COFFER_FROM_PASSWORD: PASSWORD };
    const { stdout } = await work.restic(["-r", copy, "copy", "--repo2", repo], { env });
    expect(stdout.match(/was already copied to/g)).toHaveLength(3);
    const theirs = work.path("copy-by-restic");
    await work.restic(["-r", theirs, "init"]);
    await work.restic(["-r", repo, "copy", "--repo2", theirs], { env });
    const result = await work.coffer(["-r", theirs, "copy", "--from-repo", repo, "--json"], {
      env,
    });
    expect(lastMessage(result.stdout, "summary")).toMatchObject({
      snapshots_copied: 0,
      snapshots_skipped: 3,
    });
  });
});

test("rewrite leaves a repository that restic finds whole", async () => {
  const { stdout } = await work.coffer([
    "-r",
    repo,
    "rewrite",
    "--json",
    "--exclude",
    "/new-folder",
    "--exclude",
    "names",
    second,
  ]);
  const { new_snapshot_id: fresh } = lastMessage(stdout, "changed");
  await bothCheck(work, repo);
  const { stdout: list } = await work.restic(["-r", repo, "ls", String(fresh)]);
  expect(list).not.toMatch(/^\/(?:new-folder|names)/m);
  expect(list).toContain("/to-change");
  const args = ["-r", repo, "diff", "--json", second, String(fresh)];
  const theirs = await work.restic(args);
  const ours = await work.coffer(args);
  expect(parsed(ours.stdout)).toEqual(parsed(theirs.stdout));
  await work.coffer(["-r", repo, "rewrite", "--forget", "--new-host", "other", first]);
  await bothCheck(work, repo);
});

test("history names each version", async () => {
  const { stdout } = await work.coffer(["-r", repo, "history", "--json", "/to-change"]);
  const versions = lines(stdout).map((line) => JSON.parse(line) as { modifier: string });
  expect(versions.map(({ modifier }) => modifier)).toContain("+");
  await work.coffer(["-r", repo, "history", "/never-there"], { exit: 1 });
});

test("a mirror is whole for restic, and is healed after damage, without a password", async () => {
  const env = { COFFER_PASSWORD: "", RESTIC_PASSWORD: "" };
  const mirrors = [work.path("mirror-1"), work.path("mirror-2")];
  await work.coffer(["-r", repo, "replicate", ...mirrors], { env });
  for (const mirror of mirrors) {
    await work.restic(["-r", mirror, "check", "--read-data"]);
  }
  const { stdout } = await work.coffer(["-r", mirrors[0]!, "list", "packs"]);
  const pack = stdout.split("\n")[0]!;
  rmSync(join(mirrors[0]!, "data", pack.slice(0, 2), pack));
  await work.coffer(["heal", "--dry-run", repo, ...mirrors], { env, exit: 1 });
  await work.coffer(["heal", repo, ...mirrors], { env });
  await work.restic(["-r", mirrors[0]!, "check", "--read-data"]);
});
