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

/** The definition, tried at every place: slow, obviously right. */
function selects(pattern: string, path: string): boolean {
  const text = cleanPattern(pattern);
  const parts = text.split("/").filter((part) => part !== "");
  const names = path.split("/").filter((part) => part !== "");
  const fits = (p: number, n: number): boolean => {
    if (p === parts.length) return text.startsWith("/") || n > 0;
    if (parts[p] === "**" && fits(p + 1, n)) return true;
    if (n >= names.length) return false;
    return parts[p] === "**"
      ? fits(p, n + 1)
      : new Glob(parts[p]!).matches(names[n]!) && fits(p + 1, n + 1);
  };
  if (text.startsWith("/")) return fits(0, 0);
  return names.some((_, start) => fits(0, start) && names.length > 0);
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
      // Relative patterns of only `**` need a component; the definition above has no such case.
      fc.pre(/[^*/]/.test(text) || text.startsWith("/"));
      expect(createExcludeFilter([text]).matches(at)).toBe(selects(text, at));
    }),
    { numRuns: 2000 },
  );
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
