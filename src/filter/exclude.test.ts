import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { anyOf, createExcludeFilter } from "#filter/exclude.ts";
import { Glob } from "#filter/glob.ts";
import { cleanPattern } from "#filter/path-pattern.ts";
import { excludeCases } from "#testkit/exclude-suite.ts";
import excludes from "../../test/vectors/excludes.json" with { type: "json" };

describe("vectors", () => {
  for (const { name, run } of excludeCases(excludes)) test(name, run);
});

/**
 * restic's definition as its documentation and behaviour give it, tried literally: the first `**`
 * becomes nothing, `*`, two of them, and so on while there is room, the rest recursively.
 */
function selects(pattern: string, path: string): boolean {
  const split = (text: string): string[] => [
    ...(text.startsWith("/") ? ["/"] : []),
    ...text.split("/").filter((part) => part !== ""),
  ];
  const names = split(path);
  const fits = (part: string, name: string): boolean =>
    part === "/" || name === "/" ? part === name : new Glob(part).matches(name);
  const tries = (parts: readonly string[]): boolean => {
    const first = parts.indexOf("**");
    if (first >= 0) {
      for (let n = 0; n <= names.length - parts.length + 1; n++) {
        const stars = Array.from({ length: n }, () => "*");
        if (tries([...parts.slice(0, first), ...stars, ...parts.slice(first + 1)])) return true;
      }
      return false;
    }
    if (parts.length === 0) return false;
    const last = parts[0] === "/" ? 0 : names.length - parts.length;
    for (let offset = parts[0] === "/" ? 0 : 1; offset <= last; offset++) {
      if (offset + parts.length > names.length) break;
      if (parts.every((part, i) => fits(part, names[offset + i]!))) return true;
    }
    return false;
  };
  return tries(split(cleanPattern(pattern)));
}

const component = fc.constantFrom("a", "b", "ab", "*", "?", "**", "a*", "[ab]", "x.go", "*.go");
const pattern = fc
  .tuple(fc.boolean(), fc.array(component, { minLength: 1, maxLength: 4 }))
  .map(([rooted, parts]) => (rooted ? "/" : "") + parts.join("/"));
const path = fc
  .array(fc.constantFrom("a", "b", "ab", "x.go", "c"), { maxLength: 5 })
  .map((parts) => `/${parts.join("/")}`);

test("one pattern selects what its definition selects", () => {
  fc.assert(
    fc.property(pattern, path, (text, at) => {
      expect(createExcludeFilter([text]).matches(at)).toBe(selects(text, at));
    }),
    { numRuns: 2000 },
  );
});

test("a second ** that stands for nothing needs a longer path, as in restic", () => {
  const filter = createExcludeFilter(["/s/**/a/**"]);
  expect(filter.matches("/s/x/a")).toBe(false);
  expect(filter.mayMatchBelow("/s/x/a")).toBe(true);
  expect(filter.matches("/s/x/a/in")).toBe(true);
  expect(createExcludeFilter(["**/a/**"]).matches("/s/x/a")).toBe(true);
});

test("answers do not depend on what was asked before", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), fc.array(path), (texts, paths) => {
      const negated = texts.map((text, i) => (i % 2 === 1 ? `!${text}` : text));
      const filter = createExcludeFilter(negated);
      for (const at of paths) {
        const fresh = createExcludeFilter(negated);
        expect(filter.matches(at)).toBe(fresh.matches(at));
        expect(filter.mayMatchBelow(at)).toBe(fresh.mayMatchBelow(at));
      }
    }),
  );
});

test("a folder that cannot hold a match need not be entered", () => {
  fc.assert(
    fc.property(pattern, path, (text, at) => {
      const filter = createExcludeFilter([text]);
      const parts = at.split("/");
      if (!filter.matches(at)) return;
      for (let i = 1; i < parts.length; i++) {
        expect(filter.mayMatchBelow(parts.slice(0, i).join("/") || "/")).toBe(true);
      }
    }),
  );
  const filter = createExcludeFilter(["/home/*/docs"]);
  expect(filter.mayMatchBelow("/")).toBe(true);
  expect(filter.mayMatchBelow("/home/x")).toBe(true);
  expect(filter.mayMatchBelow("/home/x/docs/deep")).toBe(true);
  expect(filter.mayMatchBelow("/home/x/pictures")).toBe(false);
  expect(filter.mayMatchBelow("/etc")).toBe(false);
  expect(createExcludeFilter(["docs"]).mayMatchBelow("/etc")).toBe(true);
});

test("names that are not UTF-8 match wildcards only", () => {
  const raw = Uint8Array.from([...utf8("/a/caf"), 0xe9]);
  expect(createExcludeFilter(["caf?"]).matchesRaw(raw)).toBe(true);
  expect(createExcludeFilter(["caf[^x]"]).matchesRaw(raw)).toBe(true);
  expect(createExcludeFilter(["café"]).matchesRaw(raw)).toBe(false);
  expect(createExcludeFilter(["caf\ufffd"]).matchesRaw(raw)).toBe(false);
});

test("case is ignored on both sides, beyond ASCII too", () => {
  const filter = createExcludeFilter(["ÄPFEL/*.JPG"], { insensitive: true });
  expect(filter.matches("/home/äpfel/Birne.jpg")).toBe(true);
  expect(anyOf([filter, createExcludeFilter(["x"])]).matches("/x/y")).toBe(true);
  expect(anyOf([filter]).matchesRaw(utf8("/x/y"))).toBe(false);
});

test("patterns are cleaned as Go cleans paths", () => {
  const cases = [
    ["a/../b", "b"],
    ["../a", "../a"],
    ["/../a/", "/a"],
    ["./", "."],
    ["a//b/.", "a/b"],
    ["/", "/"],
  ];
  for (const [given, clean] of cases) expect(cleanPattern(given!)).toBe(clean);
  expect(createExcludeFilter(["/"]).matches("/anything")).toBe(true);
});
