import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitCommand } from "#cli/parse/command-words.ts";
import { parseDuration } from "#cli/parse/durations.ts";
import { parseGroupBy } from "#cli/parse/group-by.ts";
import { parseLocalTime } from "#cli/parse/local-time.ts";
import { parseReadDataSubset } from "#cli/parse/read-data-subset.ts";
import { parseCount, parseSize, parseTruth } from "#cli/parse/sizes.ts";
import { flattenTags, parseTagList } from "#cli/parse/tags.ts";
import { decodeTextFile } from "#cli/parse/text-file.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

const refused = expect.objectContaining({ code: "BAD_OPTION" });

describe("sizes", () => {
  test.each([
    ["0", 0],
    ["100", 100],
    ["100B", 100],
    ["3k", 3072],
    ["100M", 104_857_600],
    ["2g", 2_147_483_648],
    ["1T", 1_099_511_627_776],
  ])("%s is %d bytes", (text, bytes) => expect(parseSize("--x", text)).toBe(bytes));

  test.each(["", "M", "1.5M", "1 M", "-1", "9999999999T", "12q", "0x10"])("%j is refused", (text) =>
    expect(() => parseSize("--x", text)).toThrow(refused),
  );

  test.each(["-1", "1.0", "", "4294967296", "1e3"])("%j is no count", (text) =>
    expect(() => parseCount("--x", text)).toThrow(refused),
  );

  test("truth values are Go's", () => {
    expect(["1", "t", "True"].map((text) => parseTruth("X", text))).toEqual([true, true, true]);
    expect(["0", "F", "false"].map((text) => parseTruth("X", text))).toEqual([false, false, false]);
    expect(() => parseTruth("X", "yes")).toThrow(refused);
  });
});

describe("durations", () => {
  test.each([
    ["0", 0],
    ["300ms", 300],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["4d", 345_600_000],
  ])("%s is %d ms", (text, ms) => expect(parseDuration("--x", text)).toBe(ms));

  test.each(["", "5", "m", "5x", "5 m", "-5m", "5m3", "1y"])("%j is refused", (text) =>
    expect(() => parseDuration("--x", text)).toThrow(refused),
  );
});

describe("times", () => {
  test("are local", () => {
    const clock = createFakeClock(undefined, 60);
    expect(parseLocalTime("--time", "2012-11-01 22:08:41", clock)).toEqual({
      seconds: Date.UTC(2012, 10, 1, 21, 8, 41) / 1000,
      nanos: 0,
    });
  });

  test.each([
    "",
    "2012-11-01",
    "2012-02-31 00:00:00",
    "2012-11-01T22:08:41",
    "2012-13-01 00:00:00",
  ])("%j is refused", (text) =>
    expect(() => parseLocalTime("--time", text, createFakeClock())).toThrow(refused),
  );
});

describe("read-data-subset", () => {
  test.each([
    ["1/7", { kind: "part", part: 1, total: 7 }],
    ["2.5%", { kind: "percent", percent: 2.5 }],
    ["100%", { kind: "percent", percent: 100 }],
    ["50M", { kind: "bytes", bytes: 52_428_800 }],
  ])("%s", (text, subset) => expect(parseReadDataSubset(text)).toEqual(subset));

  test.each(["0/7", "8/7", "1/0", "1/257", "0%", "101%", "-1%", "x%", "0", "abc", "", "1/2/3"])(
    "%j is refused",
    (text) => expect(() => parseReadDataSubset(text)).toThrow(refused),
  );
});

describe("commands as one text", () => {
  test.each([
    ["pass show x", ["pass", "show", "x"]],
    [`a 'b c' "d e"`, ["a", "b c", "d e"]],
    [String.raw`a b\ c`, ["a", "b c"]],
    [`a ""`, ["a", ""]],
    [`a'b'c`, ["abc"]],
    [`'$HOME' ; ls`, ["$HOME", ";", "ls"]],
  ])("%s", (text, words) => expect(splitCommand("--c", text)).toEqual(words));

  test.each(["", "  ", "a 'b", 'a "b', "a\\"])("%j is refused", (text) =>
    expect(() => splitCommand("--c", text)).toThrow(refused),
  );

  test("any words survive quoting", () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const text = words.map((w) => `'${w.replaceAll("'", `'\\''`)}'`).join(" ");
        expect(splitCommand("--c", text)).toEqual(words);
      }),
    );
  });
});

test("group-by", () => {
  expect(parseGroupBy("-g", "")).toBeUndefined();
  expect(parseGroupBy("-g", "host,paths")).toEqual({ host: true, paths: true, tags: false });
  expect(() => parseGroupBy("-g", "hots")).toThrow(refused);
});

test("tags", () => {
  expect(parseTagList("a, b")).toEqual(["a", "b"]);
  expect(parseTagList("")).toEqual([""]);
  expect(flattenTags(["a,b", "b", ""])).toEqual(["a", "b"]);
});

test("text files may begin with a byte-order mark", () => {
  const utf16 = (order: "le" | "be") => {
    const bytes = order === "le" ? [0xff, 0xfe] : [0xfe, 0xff];
    for (const c of "pä") {
      const code = c.charCodeAt(0);
      bytes.push(...(order === "le" ? [code & 255, code >> 8] : [code >> 8, code & 255]));
    }
    return Uint8Array.from(bytes);
  };
  expect(decodeTextFile("f", utf16("le"))).toBe("pä");
  expect(decodeTextFile("f", utf16("be"))).toBe("pä");
  expect(decodeTextFile("f", new TextEncoder().encode("\uFEFFpä"))).toBe("pä");
  expect(() => decodeTextFile("f", Uint8Array.of(0xff, 0x41))).toThrow(refused);
});
