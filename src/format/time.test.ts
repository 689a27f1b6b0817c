import fc from "fast-check";
import { expect, test } from "vitest";
import { createTimeFormatter, formatUtc } from "#format/time-formatter.ts";
import { civilFromDays, daysFromCivil, formatTime, parseTime } from "#format/time.ts";

test("times are written as Go writes them", () => {
  const cases = [
    [0, 0, 0, "1970-01-01T00:00:00Z"],
    [0, 0, 60, "1970-01-01T01:00:00+01:00"],
    [-1, 999_999_999, 0, "1969-12-31T23:59:59.999999999Z"],
    [1_700_000_000, 120_000_000, 60, "2023-11-14T23:13:20.12+01:00"],
    [1_720_000_000, 1, 120, "2024-07-03T11:46:40.000000001+02:00"],
    [1_709_164_800, 0, -330, "2024-02-28T18:30:00-05:30"],
    [-62_135_596_800, 0, 0, "0001-01-01T00:00:00Z"],
  ] as const;
  for (const [seconds, nanos, offsetMinutes, text] of cases) {
    expect(formatTime({ seconds, nanos, offsetMinutes })).toBe(text);
    expect(parseTime(text)).toEqual({ seconds, nanos, offsetMinutes });
  }
});

test("years beyond four digits are clamped, keeping the date", () => {
  const at = (year: number, month: number, day: number): number =>
    daysFromCivil(year, month, day) * 86_400 + 3661;
  expect(formatUtc({ seconds: at(12_024, 2, 29), nanos: 5 })).toBe(
    "9999-03-01T01:01:01.000000005Z",
  );
  expect(formatUtc({ seconds: at(-3, 7, 4), nanos: 0 })).toBe("0000-07-04T01:01:01Z");
  const local = createTimeFormatter(() => 60);
  expect(local({ seconds: at(10_000, 1, 1), nanos: 0 })).toBe("9999-01-01T02:01:01+01:00");
  expect(local({ seconds: daysFromCivil(10_000, 1, 1) * 86_400 - 1, nanos: 0 })).toBe(
    "9999-01-01T00:59:59+01:00",
  );
});

test("malformed times are refused", () => {
  const good = "2024-02-29T12:34:56.5+01:00";
  expect(parseTime(good)).toBeDefined();
  const bad = [
    "",
    "2024-02-30T12:34:56Z",
    "2023-02-29T12:34:56Z",
    "2024-13-01T12:34:56Z",
    "2024-00-01T12:34:56Z",
    "2024-01-00T12:34:56Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:60Z",
    "2024-01-01 00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00z",
    "2024-01-01T00:00:00+1:00",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+01:60",
    "2024-01-01T00:00:00+01:00x",
    "+2024-01-01T00:00:00Z",
    "12024-01-01T00:00:00Z",
  ];
  for (const text of bad) expect(parseTime(text), text).toBeUndefined();
  expect(parseTime("2024-01-01T00:00:00.1234567899Z")?.nanos).toBe(123_456_789);
});

test("dates agree with the language's own calendar", () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (days) => {
      const date = new Date(days * 86_400_000);
      expect(civilFromDays(days)).toEqual({
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      });
    }),
  );
});

test("the cached formatter agrees with the plain one, and parsing gives the instant back", () => {
  const offsetAt = (seconds: number): number => (Math.floor(seconds / 900) % 5) * 30 - 60;
  const format = createTimeFormatter(offsetAt);
  const instant = fc.record({
    seconds: fc.oneof(
      fc.integer({ min: -62_000_000_000, max: 253_000_000_000 }),
      fc.integer({ min: 1_700_000_000, max: 1_700_002_000 }),
    ),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  });
  fc.assert(
    fc.property(fc.array(instant), (times) => {
      for (const time of times) {
        const offsetMinutes = offsetAt(time.seconds);
        expect(format(time)).toBe(formatTime({ ...time, offsetMinutes }));
        const { seconds, nanos } = parseTime(format(time))!;
        expect({ seconds, nanos }).toEqual(time);
      }
    }),
  );
});
