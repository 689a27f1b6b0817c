/** What a person sees: prompts without echo, three tries, a progress line that goes away. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LAUNCHER, Shell } from "./process.ts";

let shell: Shell;
const ASK = { COFFER_PASSWORD: undefined };

beforeAll(() => {
  shell = new Shell();
  mkdirSync(shell.path("src"));
  writeFileSync(shell.path("src/evil\u001b[31m\nname"), "x");
  writeFileSync(shell.path("src/large"), Buffer.alloc(30_000_000, 7));
});
afterAll(() => shell.remove());

test("a new password is typed twice and never shown", () => {
  const { exit, out } = shell.atTerminal(`${LAUNCHER} init`, "hunter2\nhunter2\n", ASK);
  expect(exit).toBe(0);
  expect(out).toContain("enter password again:");
  expect(out.split("created")[1]).not.toContain("hunter2");
});

test("the password is asked for, three times at most", () => {
  const right = shell.atTerminal(`${LAUNCHER} snapshots`, "wrong\nhunter2\n", ASK);
  expect(right.exit).toBe(0);
  expect(right.out).toContain("Try again");
  expect(right.out).toContain("0 snapshots");
  const never = shell.atTerminal(`${LAUNCHER} snapshots`, "a\nb\nc\nhunter2\n", ASK);
  expect(never.exit).toBe(12);
  expect(never.out).toContain("wrong password or no key found");
});

test("progress is shown, removed, and never wider than the screen", () => {
  const env = { COFFER_PASSWORD: "hunter2", COFFER_PROGRESS_FPS: "60" };
  const { exit, out } = shell.atTerminal(`${LAUNCHER} backup src`, "", env);
  expect(exit).toBe(0);
  expect(out).toMatch(/\[0:0\d\] /);
  expect(out).toMatch(/snapshot [0-9a-f]{8} saved/);
  // eslint-disable-next-line no-control-regex
  const lines = out.split(/\r\n|\r|\u001b\[[0-9;]*[A-Z]/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  // eslint-disable-next-line no-control-regex
  const sequences = new Set(out.match(/\u001b\[[0-9;]*[A-Za-z]/g));
  expect([...sequences].filter((each) => each !== "\u001b[2K" && each !== "\u001b[1A")).toEqual([]);
});

test("hostile names stay text everywhere", () => {
  const env = { COFFER_PASSWORD: "hunter2" };
  for (const args of [
    ["ls", "latest"],
    ["backup", "src", "-vv"],
    ["restore", "latest", "-t", "out", "-vv"],
  ]) {
    const { out, err } = shell.run(args, { env });
    expect(out + err, args[0]).toContain("evil\\x1b[31m\\nname");
    expect(out + err, args[0]).not.toContain("\u001b");
  }
});
