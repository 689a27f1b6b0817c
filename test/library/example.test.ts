/**
 * The example of docs/library.md, as a program of its own: it ends well and restores what it saved.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const example = join(import.meta.dirname, "../../docs/examples/backup-and-restore.ts");
const place = mkdtempSync(join(tmpdir(), "coffer-example-"));

afterAll(() => rmSync(place, { recursive: true, force: true }));

test("the library example runs", () => {
  const source = join(place, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "Dear reader\n");
  const target = join(place, "target");
  // "source": the library as it stands, not as it was when last built.
  const words = ["--conditions=source", example, source, join(place, "repository"), target];
  const run = spawnSync(process.execPath, words, {
    encoding: "utf8",
    env: { ...process.env, COFFER_PASSWORD: "example", XDG_CACHE_HOME: join(place, "cache") },
  });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  expect(run.stdout).toContain("check: 0 errors");
  expect(readFileSync(join(target, source, "letter.txt"), "utf8")).toBe("Dear reader\n");
});
