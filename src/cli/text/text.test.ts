import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellWidth, truncateCells, truncateCellsStart } from "#cli/text/cell-width.ts";
import {
  formatBytes,
  formatMode,
  formatPercent,
  formatSeconds,
  formatWallTime,
} from "#cli/text/format-human.ts";
import { indentJson } from "#cli/text/indent-json.ts";
import { jsonText, RawJson, unlessZero } from "#cli/text/json-text.ts";
import { renderTable } from "#cli/text/table.ts";
import { terminalLines, terminalText } from "#cli/text/terminal-text.ts";

// eslint-disable-next-line no-control-regex
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe("names on a terminal", () => {
  test.each([
    ["plain name", "plain name"],
    ["Übergröße 日本 😀", "Übergröße 日本 😀"],
    ['quotes " stay', 'quotes " stay'],
    ["new\nline", '"new\\nline"'],
    ["\u001b[31mred", '"\\x1b[31mred"'],
    ["a\u202egpj.exe", '"a\\u202egpj.exe"'],
    ["c1\u009b31m", '"c1\\u009b31m"'],
    ['both " and \t', '"both \\" and \\t"'],
    ["a\u00a0b", '"a\\u00a0b"'],
  ])("%j", (name, shown) => expect(terminalText(name)).toBe(shown));

  test("bytes that are not UTF-8 are shown by value", () => {
    expect(terminalText(Uint8Array.of(0x61, 0xff, 0xc3, 0xa4))).toBe('"a\\xffä"');
    expect(terminalText(Uint8Array.of(0xc3))).toBe('"\\xc3"');
    expect(terminalText(Uint8Array.of(0xed, 0xa0, 0x80))).toBe('"\\xed\\xa0\\x80"');
  });

  test("no input whatever puts a control character through", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(terminalText(bytes)).not.toMatch(DANGEROUS);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(terminalText(text)).not.toMatch(DANGEROUS);
        expect(terminalLines(text).replaceAll("\n", "")).not.toMatch(DANGEROUS);
      }),
    );
  });
});

describe("figures", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.000 KiB"],
    [3_002_218, "2.863 MiB"],
    [5 * 2 ** 30, "5.000 GiB"],
    [2 ** 41, "2.000 TiB"],
  ])("%d bytes", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test("others", () => {
    expect(formatPercent(1, 3)).toBe("33.33%");
    expect(formatPercent(4, 3)).toBe("100.00%");
    expect(formatPercent(1, 0)).toBe("");
    expect([0, 59.9, 61, 3723].map(formatSeconds)).toEqual(["0:00", "0:59", "1:01", "1:02:03"]);
    expect(formatWallTime(1_795_490_000, 60)).toMatch(/^2026-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(formatWallTime(-62_135_596_800, 0)).toBe("0001-01-01 00:00:00");
  });

  test.each([
    [0o644, "-rw-r--r--"],
    [2 ** 31 + 0o755, "drwxr-xr-x"],
    [2 ** 31 + 2 ** 20 + 0o777, "dtrwxrwxrwx"],
    [2 ** 27 + 0o777, "Lrwxrwxrwx"],
    [2 ** 26 + 2 ** 21 + 0o600, "Dcrw-------"],
    [2 ** 23 + 0o755, "urwxr-xr-x"],
  ])("mode %d", (mode, text) => expect(formatMode(mode)).toBe(text));
});

describe("cells", () => {
  test("wide and combining characters", () => {
    expect(cellWidth("abc")).toBe(3);
    expect(cellWidth("日本")).toBe(4);
    expect(cellWidth("e\u0301")).toBe(1);
    expect(truncateCells("abcdef", 4)).toBe("abc…");
    expect(truncateCells("日本語", 4)).toBe("日…");
    expect(truncateCellsStart("/very/long/path", 6)).toBe("…/path");
  });

  test("cut text always fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, width) => {
        expect(cellWidth(truncateCells(text, width))).toBeLessThanOrEqual(width);
        expect(cellWidth(truncateCellsStart(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

test("tables", () => {
  const text = renderTable({
    columns: ["ID", "Tags  "],
    rows: [
      ["1", "a\nb"],
      ["22", ""],
    ],
    footer: ["2 rows"],
  });
  expect(text).toBe("ID  Tags\n----------\n1   a\n    b\n22\n----------\n2 rows\n");
});

describe("JSON", () => {
  test("is exact, and leaves out what is undefined", () => {
    const value = {
      a: 2n ** 64n - 1n,
      b: undefined,
      c: [1, "x", null],
      d: new RawJson('{"k":1}'),
      e: false,
    };
    expect(jsonText(value)).toBe(
      '{"a":18446744073709551615,"c":[1,"x",null],"d":{"k":1},"e":false}',
    );
    expect([0, 0n, "", false, [], 5, "x"].map((v) => unlessZero(v))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      5,
      "x",
    ]);
  });

  test("is laid out without changing it", () => {
    const text = '{"a":[],"b":{},"c":[18446744073709551615,{"x":"a,{:}\\""}],"d":1.50}';
    expect(indentJson(text)).toBe(
      '{\n  "a": [],\n  "b": {},\n  "c": [\n    18446744073709551615,\n    {\n' +
        '      "x": "a,{:}\\""\n    }\n  ],\n  "d": 1.50\n}',
    );
  });
});
