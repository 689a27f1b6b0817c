import fc from "fast-check";
import { expect, test } from "vitest";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { idFromBytes } from "#format/id.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot } from "#format/snapshot.ts";

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes(bytes));
const text = fc.string({ unit: "grapheme", maxLength: 10 });
const texts = fc.array(text, { maxLength: 3 });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const count = fc.maxSafeNat();
const time = fc.record({
  seconds: fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
  offsetMinutes: fc.integer({ min: -840, max: 840 }),
});
const extra = fc.uniqueArray(
  fc.tuple(
    fc.string({ maxLength: 5 }).map((name) => `x-${name}`),
    fc.constantFrom("null", "[1e400]", "9007199254740993", '{"a":1.50}', '"\\u003c"'),
  ),
  { maxLength: 3, selector: ([name]) => name },
);
const summary = fc.record({
  backupStart: time,
  backupEnd: time,
  filesNew: count,
  filesChanged: count,
  filesUnmodified: count,
  dirsNew: count,
  dirsChanged: count,
  dirsUnmodified: count,
  dataBlobs: count,
  treeBlobs: count,
  dataAdded: count,
  dataAddedPacked: count,
  totalFilesProcessed: count,
  totalBytesProcessed: count,
  extra,
});
const snapshot: fc.Arbitrary<Snapshot> = fc.record({
  time,
  parent: fc.option(id, { nil: undefined }),
  tree: id,
  paths: texts,
  hostname: text,
  username: text,
  uid: uint32,
  gid: uint32,
  excludes: texts,
  tags: texts,
  original: fc.option(id, { nil: undefined }),
  programVersion: text,
  summary: fc.option(summary, { nil: undefined }),
  extra,
});

test("snapshots come back as they were, with fields of other programs", () => {
  fc.assert(
    fc.property(snapshot, (value) => {
      const bytes = encodeSnapshot(value);
      expect(() => JSON.parse(fromUtf8(bytes)) as unknown).not.toThrow();
      expect(decodeSnapshot(bytes)).toEqual(value);
      expect(encodeSnapshot(decodeSnapshot(bytes))).toEqual(bytes);
    }),
  );
});

test("empty fields are left out, rustic's fields kept in their own spelling", () => {
  const tree = "ab".repeat(32);
  const json =
    `{"time":"2024-01-02T03:04:05Z","tree":"${tree}","paths":["/a\\u0026b"],` +
    `"label":"","delete":"Never","big":18446744073709551616}`;
  expect(fromUtf8(encodeSnapshot(decodeSnapshot(utf8(json))))).toBe(json);
  const nulls =
    `{"tree":"${tree}","parent":null,"paths":null,"uid":null,"hostname":null,` +
    `"summary":null,"time":"2024-01-02T03:04:05Z"}`;
  expect(decodeSnapshot(utf8(nulls))).toMatchObject({ paths: [], hostname: "", uid: 0 });
});

test("damaged snapshots are refused with the reason", () => {
  const tree = `"tree":"${"ab".repeat(32)}"`;
  const time = `"time":"2024-01-02T03:04:05Z"`;
  const cases = [
    ["", /an object/],
    ["null", /an object/],
    [`{${tree}}`, /no time/],
    [`{${time}}`, /no tree/],
    [`{${time},"tree":"ab"}`, /not an id/],
    [`{"time":"now",${tree}}`, /malformed time/],
    [`{${time},${tree},"uid":4294967296}`, /above/],
    [`{${time},${tree},"paths":[5]}`, /a text/],
    [`{${time},${tree}}}`, /more data/],
    [`{${time},${tree},"summary":{"files_new":-1}}`, /whole number/],
  ] as const;
  for (const [json, reason] of cases) {
    expect(() => decodeSnapshot(utf8(json), "The snapshot 12ab"), json).toThrow(reason);
    expect(() => decodeSnapshot(utf8(json), "The snapshot 12ab")).toThrow(/^The snapshot 12ab/);
  }
});

test("any change of bytes gives a snapshot or a clear error", () => {
  fc.assert(
    fc.property(snapshot, fc.nat(), fc.nat({ max: 255 }), (value, at, byte) => {
      const bytes = encodeSnapshot(value);
      bytes[at % bytes.length] = byte;
      try {
        encodeSnapshot(decodeSnapshot(bytes));
      } catch (error) {
        if (!isCofferError(error, "BAD_FORMAT", "TOO_LARGE")) throw error;
      }
    }),
  );
});
