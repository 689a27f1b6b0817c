import fc from "fast-check";
import { expect, test } from "vitest";
import { concatBytes, utf8 } from "#base/bytes.ts";
import { createExcludeFilter } from "#filter/exclude.ts";
import { foldCase, pathToText } from "#filter/path-text.ts";
import { expandVariables, parsePatternFile } from "#filter/pattern-file.ts";

const environment = (name: string): string | undefined => ({ HOME: "/home/x", n1: "one" })[name];

test("lines are trimmed, comments and blank lines dropped, variables expanded", () => {
  const text = "  *.o \n# comment\r\n\n\t$HOME/tmp\r\n!${HOME}/keep\n#\n a b \n$$HOME";
  expect(parsePatternFile(utf8(text), environment)).toEqual([
    "*.o",
    "/home/x/tmp",
    "!/home/x/keep",
    "a b",
    "$HOME",
  ]);
});

test("variables follow the rules of Go's os.Expand", () => {
  const cases = [
    ["$", "$"],
    ["a$", "a$"],
    ["$.", "$."],
    ["${n1}x$n1", "onexone"],
    ["$n1x", ""],
    ["$1x", "x"],
    ["${}x", "x"],
    ["${unclosed", "unclosed"],
    ["$missing/", "/"],
  ];
  for (const [given, expanded] of cases) {
    expect(expandVariables(given!, environment)).toBe(expanded);
  }
});

test("UTF-16 and a byte-order mark are understood", () => {
  const wide = (text: string, little: boolean): Uint8Array => {
    const bytes = new Uint8Array(text.length * 2);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), little);
    return bytes;
  };
  const expected = ["ä", "😀"];
  for (const little of [true, false]) {
    expect(parsePatternFile(wide("\ufeffä\r\n😀\r\n", little), environment)).toEqual(expected);
  }
  expect(parsePatternFile(utf8("\ufeffä\n😀"), environment)).toEqual(expected);
});

test("a byte that is not UTF-8 matches the same byte in a name", () => {
  const name = Uint8Array.of(0x63, 0xe9, 0x2a);
  const [pattern] = parsePatternFile(name.subarray(0, 2), environment);
  const filter = createExcludeFilter([pattern!]);
  expect(filter.matchesRaw(concatBytes([utf8("/"), name.subarray(0, 2)]))).toBe(true);
  expect(filter.matchesRaw(utf8("/cé"))).toBe(false);
});

test("different raw paths have different texts", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(pathToText(a) === pathToText(b)).toBe(a.join() === b.join());
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(Array.from(foldCase(text)).length).toBe(Array.from(text).length);
    }),
  );
});
