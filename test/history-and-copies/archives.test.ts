/** Archives of a tree of oddities, unpacked by other programs and compared with the source. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareTrees, fingerprintTree } from "#testkit/node/fingerprint.ts";
import { cofferBackup, makeSource, storableTree } from "../interop/both-programs.ts";
import { say } from "../say.ts";
import { Workspace } from "../programs.ts";

const work = new Workspace();
const repo = work.path("repo");
let source: string;

beforeAll(async () => {
  source = makeSource(work);
  await work.coffer(["-r", repo, "init"]);
  await cofferBackup(work, repo, source);
});

afterAll(() => work.remove());

/** Runs a program that must be there. */
function run(program: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
}

const isInstalled = (program: string): boolean =>
  spawnSync(program, ["--version"]).error === undefined;

test("GNU tar restores everything that the snapshot holds", async () => {
  const archive = work.path("all.tar");
  await work.coffer(["-r", repo, "dump", "--target", archive, "latest", "/"]);
  const target = work.path("gnu");
  mkdirSync(target);
  run("tar", [
    "--extract",
    "--preserve-permissions",
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    `--file=${archive}`,
    `--directory=${target}`,
  ]);
  const expected = storableTree(source);
  const actual = fingerprintTree(target);
  // GNU tar itself does not restore a link's own attributes.
  const ignorePaths = ["", "attributes/link", "attributes/several"];
  expect(compareTrees(expected, actual, { ignorePaths })).toEqual([]);
});

test("bsdtar lists the same entries, where it is installed", async () => {
  if (!isInstalled("bsdtar")) {
    say("bsdtar is not installed: its part is not run");
    return;
  }
  const archive = work.path("all.tar");
  const names = run("bsdtar", ["-tf", archive]).trimEnd().split("\n");
  expect(names).toHaveLength(storableTree(source).size - 1);
});

test("unzip and Python read the zip, and its files have the source's bytes", async () => {
  const archive = work.path("all.zip");
  await work.coffer(["-r", repo, "dump", "-a", "zip", "-t", archive, "latest", "/"]);
  run("unzip", ["-tq", archive]);
  const target = work.path("unzipped");
  mkdirSync(target);
  const script = `
import os, sys, zipfile
bad = 0
with zipfile.ZipFile(sys.argv[1]) as archive:
    for info in archive.infolist():
        kind = info.external_attr >> 16 & 0o170000
        name = info.filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
        path = os.path.join(sys.argv[2].encode(), name)
        if kind == 0o100000:
            with open(path, "rb") as file:
                bad += file.read() != archive.read(info)
        elif kind == 0o120000:
            bad += os.readlink(path) != archive.read(info)
        else:
            bad += not os.path.isdir(path)
    print(bad, len(archive.infolist()))
`;
  const [bad, count] = run("python3", ["-c", script, archive, source]).trim().split(" ");
  expect(bad).toBe("0");
  expect(Number(count)).toBeGreaterThan(300);
});

test("a part of a snapshot, and a single file to standard output", async () => {
  const { stdout } = await work.coffer(["-r", repo, "dump", "latest:/times", "/"]);
  expect(stdout.startsWith("year-") || stdout.length > 512).toBe(true);
  const { stderr } = await work.coffer(["-r", repo, "dump", "latest", "/none"], { exit: 1 });
  expect(stderr).toContain("none");
});
