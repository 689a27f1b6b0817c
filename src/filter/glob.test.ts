import fc from "fast-check";
import { expect, test } from "vitest";
import { isCofferError } from "#base/errors.ts";
import { Glob } from "#filter/glob.ts";

/** Go's own table for path/filepath.Match, without the cases that have a slash. */
const CASES: readonly (readonly [string, string, boolean | "bad"])[] = [
  ["abc", "abc", true],
  ["*", "abc", true],
  ["*c", "abc", true],
  ["a*", "a", true],
  ["a*", "abc", true],
  ["a*b*c*d*e*", "axbxcxdxe", true],
  ["a*b?c*x", "abxbbxdbxebxczzx", true],
  ["a*b?c*x", "abxbbxdbxebxczzy", false],
  ["ab[c]", "abc", true],
  ["ab[b-d]", "abc", true],
  ["ab[e-g]", "abc", false],
  ["ab[^c]", "abc", false],
  ["ab[^b-d]", "abc", false],
  ["ab[^e-g]", "abc", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "ab", false],
  ["a?b", "a☺b", true],
  ["a[^a]b", "a☺b", true],
  ["a???b", "a☺b", false],
  ["a[^a][^a][^a]b", "a☺b", false],
  ["[a-ζ]*", "α", true],
  ["*[a-ζ]", "A", false],
  ["[\\]a]", "]", true],
  ["[\\-]", "-", true],
  ["[x\\-]", "x", true],
  ["[x\\-]", "z", false],
  ["[\\-x]", "a", false],
  ["[]a]", "]", "bad"],
  ["[-]", "-", "bad"],
  ["[x-]", "x", "bad"],
  ["[-x]", "x", "bad"],
  ["\\", "a", "bad"],
  ["[a-b-c]", "a", "bad"],
  ["[", "a", "bad"],
  ["[^", "a", "bad"],
  ["[^bc", "a", "bad"],
  ["a[", "a", "bad"],
  ["a[", "ab", "bad"],
  ["*x", "xxx", true],
  ["?", "😀", true],
  ["", "", true],
  ["*", "", true],
];

test.each(CASES)("%s on %s gives %s", (pattern, name, expected) => {
  let result: boolean | "bad";
  try {
    result = new Glob(pattern).matches(name);
  } catch (error) {
    if (!isCofferError(error, "BAD_PATTERN")) throw error;
    result = "bad";
  }
  expect(result).toBe(expected);
});

test("any text is matched, or refused, in bounded time", () => {
  const pattern = fc.string({
    unit: fc.constantFrom("*", "?", "a", "[", "]", "^", "-", "\\", "b"),
  });
  fc.assert(
    fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b") }), (text, name) => {
      try {
        expect(typeof new Glob(text).matches(name)).toBe("boolean");
      } catch (error) {
        if (!isCofferError(error, "BAD_PATTERN")) throw error;
      }
    }),
  );
  expect(new Glob("a*".repeat(200) + "b").matches("a".repeat(5000))).toBe(false);
});
