/** Random patterns: what the official restic leaves out is what the filter leaves out. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { createExcludeFilter } from "#filter/exclude.ts";

const root = mkdtempSync(join(tmpdir(), "excludes-"));
const source = join(root, "s");
const files = ["a", "b/a", "b/b/a", "a.go/x", "ab/b/c/a.go", "c/c/c/c", "b/ab/a/b", "c/[a]/é"];
const environment = { ...process.env, RESTIC_PASSWORD: "x", RESTIC_CACHE_DIR: join(root, "cache") };

const restic = (...args: string[]): string =>
  execFileSync("restic", ["-r", join(root, "repo"), ...args], {
    env: environment,
    encoding: "utf8",
  });

afterAll(() => rmSync(root, { recursive: true, force: true }));

const component = fc.constantFrom(
  "a",
  "b",
  "c",
  "*",
  "**",
  "?",
  "a*",
  "[ab]",
  "*.go",
  "\\[a\\]",
  "..",
);
const pattern = fc
  .tuple(
    fc.constantFrom("", "", "/**/", `${source}/`, `!${source}/`, "!"),
    fc.array(component, { minLength: 1, maxLength: 4 }),
  )
  .map(([start, parts]) => start + parts.join("/"));

test("random pattern lists leave out what restic leaves out", () => {
  for (const file of files) {
    mkdirSync(dirname(join(source, file)), { recursive: true });
    writeFileSync(join(source, file), file);
  }
  restic("init");
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), (patterns) => {
      const filter = createExcludeFilter(patterns);
      // restic 0.14 also applies patterns to the source itself, whose exclusion empties the
      // snapshot.
      fc.pre(!filter.matches(source));
      const flags = patterns.map((text) => `--exclude=${text}`);
      const output = restic("backup", "--dry-run", "--json", "-vv", ...flags, source);
      const kept = output
        .split("\n")
        .filter((line) => line.includes('"verbose_status"') && !line.includes('"scan_finished"'))
        .map((line) => (JSON.parse(line) as { item: string }).item)
        .filter((item) => item.startsWith(`${source}/`) && !item.endsWith("/"))
        .map((item) => item.slice(source.length + 1));
      const ours = files.filter((file) => {
        const parts = file.split("/");
        return !parts.some((_, i) =>
          filter.matches(`${source}/${parts.slice(0, i + 1).join("/")}`),
        );
      });
      expect(ours.toSorted()).toEqual(kept.toSorted());
    }),
    { numRuns: 30 },
  );
});
