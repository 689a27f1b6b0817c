/** --json of the real program beside restic's samples: same messages, same keys, same order. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Shell } from "./process.ts";

interface Sample {
  readonly command: string;
  readonly exit: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}
const file = join(import.meta.dirname, "../vectors/json-output.json");
const { samples } = JSON.parse(readFileSync(file, "utf8")) as { samples: Sample[] };

function keysOf(text: string): string[] {
  return Object.keys(JSON.parse(text) as object);
}

function sampleLine(command: string, kind: string, stream: "stdout" | "stderr" = "stdout"): string {
  const found = samples
    .filter((sample) => sample.command === command)
    .flatMap((sample) => sample[stream])
    .find((line) => line.includes(`"message_type":"${kind}"`));
  if (found === undefined) throw new Error(`no ${kind} in the samples of ${command}`);
  return found;
}

function lineOf(text: string, kind: string): string {
  const found = text.split("\n").findLast((line) => line.includes(`"message_type":"${kind}"`));
  if (found === undefined) throw new Error(`no ${kind} line in ${text}`);
  return found;
}

let shell: Shell;
beforeAll(() => {
  shell = new Shell();
  mkdirSync(shell.path("src/d"), { recursive: true });
  writeFileSync(shell.path("src/a.txt"), "alpha\n");
  writeFileSync(shell.path("src/d/b.bin"), Buffer.alloc(3_000_000, 1));
});
afterAll(() => shell.remove());

describe("in the order of a day", () => {
  test("init", () => {
    const { exit, out } = shell.run(["init", "--json"]);
    expect(exit).toBe(0);
    expect(keysOf(out)).toEqual(keysOf(sampleLine("init", "initialized")));
    const again = shell.run(["init", "--json"]);
    expect(again.exit).toBe(1);
    expect(keysOf(again.err)).toEqual(keysOf(sampleLine("init", "exit_error", "stderr")));
  });

  test("backup", () => {
    const theirs = "backup /srv/example2 -v -v --host h --tag t1";
    const { exit, out, err } = shell.run(
      ["backup", shell.path("src"), "-v", "-v", "--host", "h", "--tag", "t1", "--json"],
      { env: { RESTIC_PROGRESS_FPS: "60" } },
    );
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    for (const line of out.trimEnd().split("\n")) expect(() => keysOf(line)).not.toThrow();
    expect(keysOf(lineOf(out, "summary"))).toEqual(keysOf(sampleLine(theirs, "summary")));
    expect(keysOf(lineOf(out, "verbose_status"))).toEqual(
      keysOf(sampleLine(theirs, "verbose_status")),
    );
  });

  test("backup of something missing", () => {
    const some = shell.run(["backup", shell.path("src"), "/nonexistent", "--json"]);
    expect(some.exit).toBe(3);
    expect(some.err).toBe(
      samples
        .find((sample) => sample.command === "backup /srv/example2 /nonexistent --host h")!
        .stderr.map((line) => `${line}\n`)
        .join(""),
    );
    const none = shell.run(["backup", "/nonexistent", "--json"]);
    expect(none.exit).toBe(1);
    expect(none.err).toBe(
      samples
        .find((sample) => sample.command === "backup /nonexistent")!
        .stderr.map((line) => `${line}\n`)
        .join(""),
    );
  });

  test("skip-if-unchanged has no snapshot", () => {
    // Relative: an absolute source brings the folders above it, which other programs change.
    const args = ["backup", "src", "--host", "relative", "--json"];
    const cwd = shell.root;
    expect(JSON.parse(lineOf(shell.run(args, { cwd }).out, "summary"))).toHaveProperty(
      "snapshot_id",
    );
    const again = shell.run([...args, "--skip-if-unchanged"], { cwd });
    const summary = JSON.parse(lineOf(again.out, "summary")) as object;
    expect(summary).not.toHaveProperty("snapshot_id");
  });

  test("snapshots, ls, stats, check, key list, restore, version", () => {
    const [snapshot] = JSON.parse(shell.run(["snapshots", "--json"]).out) as [object];
    const [theirs] = JSON.parse(
      samples.find((sample) => sample.command === "snapshots")!.stdout[0]!,
    ) as [object];
    expect(Object.keys(snapshot)).toEqual(Object.keys(theirs));
    const ls = shell.run(["ls", "latest", "--json"]).out.trimEnd().split("\n");
    const lsSample = samples.find((sample) => sample.command === "ls latest")!.stdout;
    expect(keysOf(ls.at(-1)!)).toEqual(keysOf(lsSample.at(-1)!));
    expect(keysOf(shell.run(["stats", "--json"]).out)).toEqual(
      keysOf(samples.find((sample) => sample.command === "stats")!.stdout[0]!),
    );
    expect(shell.run(["check", "--read-data", "--json"]).out).toBe(
      `${sampleLine("check", "summary")}\n`,
    );
    const [key] = JSON.parse(shell.run(["key", "list", "--json"]).out) as [object];
    expect(Object.keys(key)).toEqual(["current", "id", "userName", "hostName", "created"]);
    const restore = shell.run(["restore", "latest", "-t", shell.path("out"), "-vv", "--json"]);
    const theirRestore = "restore latest -t /srv/restore -vv";
    expect(keysOf(lineOf(restore.out, "summary"))).toEqual(
      expect.arrayContaining(["message_type", "total_files", "files_restored", "total_bytes"]),
    );
    expect(keysOf(lineOf(restore.out, "verbose_status"))).toEqual(
      keysOf(sampleLine(theirRestore, "verbose_status")),
    );
  });

  test("errors", () => {
    const wrong = shell.run(["key", "list", "--json"], { env: { COFFER_PASSWORD: "bad" } });
    expect(wrong.exit).toBe(12);
    expect(wrong.err).toBe(`${sampleLine("key list", "exit_error", "stderr")}\n`);
    const flag = shell.run(["snapshots", "--nosuchflag", "--json"]);
    expect(flag.err).toBe(`${sampleLine("snapshots --nosuchflag", "exit_error", "stderr")}\n`);
    const nowhere = shell.run(["-r", shell.path("nowhere"), "snapshots", "--json"]);
    expect(nowhere.exit).toBe(10);
  });
});
