/** Completions in the shells themselves, where they are installed; bash always. */
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Shell } from "./process.ts";

let shell: Shell;
beforeAll(() => {
  shell = new Shell();
});
afterAll(() => shell.remove());

function complete(...words: string[]): string[] {
  const script = shell.run(["generate", "--bash-completion", "-"]).out;
  writeFileSync(shell.path("complete.bash"), script);
  const list = words.map((word) => `'${word}'`).join(" ");
  const code = `source complete.bash; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}
    _coffer; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { out, err } = shell.run(["-c", code], { program: "bash" });
  expect(err).toBe("");
  return out.split("\n").filter((line) => line !== "");
}

test("bash", () => {
  expect(complete("coffer", "ba")).toEqual(["backup"]);
  expect(complete("coffer", "-r", "/x", "key", "")).toEqual(["list", "add", "remove", "passwd"]);
  expect(complete("coffer", "backup", "--one")).toEqual(["--one-file-system"]);
  expect(complete("coffer", "restore", "--overwrite", "if")).toEqual(["if-changed", "if-newer"]);
  expect(complete("coffer", "list", "s")).toEqual(["snapshots"]);
  expect(complete("coffer", "--compression", "=", "b")).toEqual(["better"]);
});

test.each([
  ["zsh", ["-n"]],
  ["fish", ["--no-execute"]],
])("%s accepts its script", (name, check) => {
  const script = shell.run(["generate", `--${name}-completion`, shell.path(`c.${name}`)]);
  expect(script.exit).toBe(0);
  expect(readFileSync(shell.path(`c.${name}`), "utf8")).toContain("backup");
  const found = spawnSync(name, [...check, shell.path(`c.${name}`)], { encoding: "utf8" });
  // Not every machine has every shell.
  if (found.error === undefined) expect(found.stderr).toBe("");
});

test("man pages, one for each command", () => {
  expect(shell.run(["generate", "--man", shell.path("man")]).exit).toBe(0);
  const pages = readdirSync(shell.path("man"));
  expect(pages).toEqual(
    expect.arrayContaining(["coffer.1", "coffer-backup.1", "coffer-key-add.1"]),
  );
  for (const page of pages) {
    const text = readFileSync(shell.path(`man/${page}`), "utf8");
    expect(text, page).toMatch(/^\.TH [A-Z-]+ 1 /);
  }
});
