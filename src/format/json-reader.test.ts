import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { quoteJson } from "#format/go-json.ts";
import { JsonReader } from "#format/json-reader.ts";

const reader = (text: string): JsonReader => new JsonReader(utf8(text), "BAD_FORMAT", "The thing");

/** Whether skipping the value and finding the end succeeds. */
function accepts(text: string): boolean {
  const r = reader(text);
  try {
    r.skip();
    r.finish();
    return true;
  } catch (error) {
    if (!isCofferError(error, "BAD_FORMAT")) throw error;
    return false;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("it accepts exactly the texts that are JSON", () => {
  const soup = fc.string({
    unit: fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "1",
      "-",
      ".",
      "e",
      "0",
      "\\",
      " ",
      "u",
    ),
    maxLength: 12,
  });
  const json = fc.json();
  const broken = fc
    .tuple(json, fc.nat(), fc.constantFrom("", ",", '"', "}", "x", "0"))
    .map(([text, at, change]) => {
      const i = at % (text.length + 1);
      return text.slice(0, i) + change + text.slice(i + 1);
    });
  for (const texts of [soup, json, broken]) {
    fc.assert(
      fc.property(texts, (text) => {
        expect(accepts(text)).toBe(parses(text));
      }),
      { numRuns: 1000 },
    );
  }
  for (const text of [
    "01",
    "1.",
    ".5",
    "1e",
    "+1",
    "-",
    "tru",
    "nul",
    '"\u0001"',
    '"\\x"',
    "[1,]",
  ]) {
    expect(accepts(text), text).toBe(false);
  }
});

test("strings are read as JSON.parse reads them, and written as Go writes them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const sound = text.toWellFormed();
      expect(reader(JSON.stringify(sound)).string()).toBe(sound);
      expect(reader(quoteJson(text)).string()).toBe(sound);
      expect(reader(quoteJson(text)).shortString()).toBe(sound);
      expect(quoteJson(text)).not.toMatch(/[<>&\u2028\u2029]/);
    }),
  );
  expect(quoteJson("<a&b>\u2028\b\f\u007f")).toBe('"\\u003ca\\u0026b\\u003e\\u2028\\b\\f\u007f"');
  expect(reader('"\\ud800x\\ud83d\\ude00\\/"').string()).toBe("\ufffdx😀/");
});

test("short strings stay apart, whatever their hash", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 4 })), (texts) => {
      for (const text of texts) expect(reader(JSON.stringify(text)).shortString()).toBe(text);
    }),
  );
});

test("64-bit numbers are exact, numbers beyond their bound refused", () => {
  expect(reader("18446744073709551615").uint64()).toBe(18_446_744_073_709_551_615n);
  expect(reader(" 9007199254740993 ").uint64()).toBe(9_007_199_254_740_993n);
  expect(reader("9007199254740991").uint()).toBe(Number.MAX_SAFE_INTEGER);
  for (const text of [
    "18446744073709551616",
    "-1",
    "1.0",
    "1e3",
    "01",
    '"1"',
    "",
    "1".repeat(30),
  ]) {
    expect(() => reader(text).uint64(), text).toThrow(/damaged/);
  }
  expect(() => reader("9007199254740993").uint()).toThrow(
    expect.objectContaining({ code: "TOO_LARGE" }),
  );
  expect(() => reader("256").uint(255)).toThrow(expect.objectContaining({ code: "BAD_FORMAT" }));
});

test("deep nesting is refused, not followed", () => {
  expect(accepts("[".repeat(50) + "]".repeat(50))).toBe(true);
  expect(accepts("[".repeat(200_000))).toBe(false);
  expect(accepts('{"a":'.repeat(200_000))).toBe(false);
});
