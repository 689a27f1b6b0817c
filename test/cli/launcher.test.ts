/** bin/coffer: finds itself, a Node and the program from anywhere. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LAUNCHER, Shell } from "./process.ts";

let shell: Shell;
beforeAll(() => {
  shell = new Shell();
});
afterAll(() => shell.remove());

describe("bin/coffer", () => {
  test("from another folder, through chains of links, by PATH", () => {
    symlinkSync(LAUNCHER, shell.path("absolute"));
    mkdirSync(shell.path("a dir"));
    symlinkSync("../absolute", shell.path("a dir/relative"));
    mkdirSync(shell.path("on-path"));
    symlinkSync("../a dir/relative", shell.path("on-path/coffer"));
    for (const program of [LAUNCHER, shell.path("absolute"), shell.path("a dir/relative")]) {
      expect(shell.run(["version"], { program }), program).toMatchObject({ exit: 0, err: "" });
    }
    const PATH = `${shell.path("on-path")}:${process.env["PATH"]}`;
    const byName = shell.run(["-c", "coffer version"], { program: "sh", env: { PATH } });
    expect(byName).toMatchObject({ exit: 0, err: "" });
  });

  test("arguments arrive as they are", () => {
    const odd = "a  b'\"$HOME\n*";
    const { exit, err } = shell.run(["cat", odd]);
    expect(exit).toBe(1);
    expect(err).toContain(JSON.stringify(odd));
  });

  test("says what to do without a fitting Node", () => {
    const bin = shell.path("old/bin");
    mkdirSync(bin, { recursive: true });
    // A launcher far from any node_modules, with only an old Node in sight.
    writeFileSync(join(bin, "node"), "#!/bin/sh\necho v20.11.1\n");
    chmodSync(join(bin, "node"), 0o755);
    const copy = `cp ${LAUNCHER} old/bin/coffer && PATH=${bin}:/usr/bin:/bin old/bin/coffer version`;
    const env = { COFFER_NODE: undefined };
    const { exit, err } = shell.run(["-c", copy], { program: "sh", env });
    expect(exit).toBe(1);
    expect(err).toContain("no suitable Node");
    expect(err).toContain("npm ci");
  });
});
