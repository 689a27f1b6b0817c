import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { nameFromJson, nameToJson, quoteName, unquoteName } from "#format/node-name.ts";
import { isPrintable } from "#format/printable.ts";
import { nameProblem, validateNodeName } from "#format/safe-name.ts";

test("the printable table is the one that restic showed", () => {
  const file = join(import.meta.dirname, "../../test/vectors/printable-ranges.txt");
  const printable = new Uint8Array(0x110000);
  for (const range of readFileSync(file, "utf8").replaceAll(/^#.*$/gm, "").split(/\s+/)) {
    if (range === "") continue;
    const [first, last = first] = range.split("-").map((hex) => parseInt(hex, 16));
    printable.fill(1, first!, last! + 1);
  }
  let differences = 0;
  for (let code = 0; code < printable.length; code++) {
    if (isPrintable(code) !== (printable[code] === 1)) differences++;
  }
  expect(differences).toBe(0);
});

const raw = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => utf8(text.toWellFormed())),
  fc
    .array(fc.constantFrom(0x5c, 0x22, 0x78, 0x3c, 0xe2, 0x80, 0xa8, 0x0a), { maxLength: 12 })
    .map((bytes) => Uint8Array.from(bytes)),
);

test("any bytes survive as a name", () => {
  fc.assert(
    fc.property(raw, (name) => {
      expect(unquoteName(quoteName(name))).toEqual(name);
      const json = utf8(nameToJson(name));
      expect(nameFromJson(json, 1, json.length - 1)).toEqual(name);
      expect(JSON.parse(nameToJson(name))).toBe(quoteName(name));
    }),
    { numRuns: 1000 },
  );
});

test("unquoting accepts what Go accepts", () => {
  expect(unquoteName('\\a\\b\\t\\n\\v\\f\\r\\"\\\\\\x00\\377\\101')).toEqual(
    Uint8Array.of(7, 8, 9, 10, 11, 12, 13, 0x22, 0x5c, 0, 0xff, 0x41),
  );
  expect(unquoteName("\\u00e4\\U0001F600'")).toEqual(utf8("ä😀'"));
  const bad = ["\\", "\\'", "\\q", "\\x1", "\\xg0", "\\400", "\\08", "\\u12", "\\ud800"];
  bad.push("\\U00110000", "\\U0000dfff", '"', 'a"b', '\\\\"', "a\nb");
  for (const text of bad) {
    expect(() => unquoteName(text), text).toThrow(/not quoted/);
  }
});

test("any text is unquoted or refused", () => {
  const text = fc.string({ unit: fc.constantFrom("\\", "x", "u", "0", "7", "a", '"', "ä", "\n") });
  fc.assert(
    fc.property(text, (name) => {
      try {
        unquoteName(name);
      } catch (error) {
        if (!isCofferError(error, "BAD_TREE")) throw error;
      }
    }),
  );
  expect(() => unquoteName("\\\\".repeat(100_000) + '"')).toThrow();
});

test("names that lead elsewhere are refused", () => {
  for (const name of ["", ".", "..", "a/b", "/", "a\0b"]) {
    expect(() => validateNodeName(utf8(name))).toThrow(/refused/);
  }
  for (const name of ["...", ".a", "a\\b", "C:", "nul", "a ", "\xe9"]) {
    expect(nameProblem(utf8(name))).toBeUndefined();
  }
  for (const name of ["a\\b", "C:", "nul", "NUL.txt", "com1", "Lpt9.x", "a ", "a.", "a?", "\t"]) {
    expect(nameProblem(utf8(name), true), name).toBeDefined();
  }
  expect(nameProblem(utf8("console"), true)).toBeUndefined();
  expect(nameProblem(utf8("äöü.txt"), true)).toBeUndefined();
});
