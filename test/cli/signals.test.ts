/** Interrupts end a command with 130 and leave neither lock nor half a terminal behind. */
import { readdirSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Shell } from "./process.ts";

let shell: Shell;
beforeEach(() => {
  shell = new Shell();
  expect(shell.run(["init"]).exit).toBe(0);
});
afterEach(() => shell.remove());

const locks = () => readdirSync(shell.path("repo/locks"));

/** Until the lock has its name: for a moment a file of another name is there beside it. */
async function untilLocked(): Promise<void> {
  const isLocked = () => locks().length === 1 && /^[0-9a-f]{64}$/.test(locks()[0]!);
  for (let i = 0; i < 600 && !isLocked(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(locks()).toHaveLength(1);
}

/** A backup that lasts until it is stopped. */
async function endlessBackup() {
  const backup = shell.start(["backup", "--stdin-from-command", "--", "cat", "/dev/urandom"]);
  await untilLocked();
  return backup;
}

test.each(["SIGINT", "SIGTERM"] as const)("%s", async (signal) => {
  const { child, finished } = await endlessBackup();
  child.kill(signal);
  // The same request twice, as `timeout` sends it.
  child.kill(signal);
  const { exit, err } = await finished;
  expect(exit).toBe(130);
  expect(err).toContain("interrupted");
  expect(locks()).toEqual([]);
  expect(JSON.parse(shell.run(["snapshots", "--json"]).out)).toEqual([]);
  expect(shell.run(["check"]).exit).toBe(0);
});

test("a second interrupt ends it at once", async () => {
  const { child, finished } = await endlessBackup();
  child.kill("SIGSTOP");
  child.kill("SIGINT");
  child.kill("SIGCONT");
  await new Promise((resolve) => setTimeout(resolve, 700));
  child.kill("SIGINT");
  expect((await finished).exit).toBe(130);
});

test("while standard input is silent", async () => {
  const { child, finished } = shell.start(["backup", "--stdin"], {}, "pipe");
  await untilLocked();
  child.kill("SIGINT");
  expect((await finished).exit).toBe(130);
  expect(locks()).toEqual([]);
});
