import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromMillis, type Timestamp } from "#base/timestamp.ts";
import type { HexId } from "#format/id.ts";
import { parseTime } from "#format/time.ts";
import { PIN_TAG } from "#operations/forget/apply-policy.ts";
import { type ForgetRequest, planForget } from "#operations/forget/plan-forget.ts";
import { formatSpan, parseSpan, type Period, PERIODS } from "#operations/forget/policy.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import vectors from "../../../test/vectors/forget.json" with { type: "json" };

function snapshot(n: number, facts: Partial<StoredSnapshot> & { at: string }): StoredSnapshot {
  const { at, ...rest } = facts;
  return {
    id: n.toString(16).padStart(64, "0") as HexId,
    time: parseTime(at)!,
    tree: "00".repeat(32) as HexId,
    paths: ["/a"],
    hostname: "h",
    username: "",
    uid: 0,
    gid: 0,
    excludes: [],
    tags: [],
    programVersion: "",
    extra: [],
    ...rest,
  };
}

/** The request that restic's options stand for. */
function requestOf(args: readonly string[], groupBy: string): ForgetRequest {
  const counts: Partial<Record<Period, number>> = {};
  const periodsWithin: Partial<Record<Period, ReturnType<typeof parseSpan>>> = {};
  const policy: Record<string, unknown> = { counts, periodsWithin };
  const tags: string[][] = [];
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i]!.replace("--keep-", "");
    const value = args[i + 1]!;
    const count = value === "unlimited" ? -1 : Number(value);
    const period = PERIODS.find((each) => name.endsWith(each));
    if (name === "tag") tags.push(value.split(","));
    else if (name === "last") policy["last"] = count;
    else if (name === "within") policy["within"] = parseSpan(name, value);
    else if (name.startsWith("within-")) periodsWithin[period!] = parseSpan(name, value);
    else counts[period!] = count;
  }
  const words = groupBy.split(",");
  const by = {
    host: words.includes("host"),
    paths: words.includes("paths"),
    tags: words.includes("tags"),
  };
  return { policy: { ...policy, tags }, filter: {}, groupBy: by };
}

const NOW = parseTime("2026-11-24T12:00:00Z")!;

describe("restic's decisions", () => {
  const all = vectors.snapshots.map((each) =>
    snapshot(each.n, {
      at: each.time,
      hostname: each.hostname,
      paths: each.paths,
      tags: each.tags ?? [],
    }),
  );
  const numberOf = ({ id }: StoredSnapshot): number => parseInt(id, 16);

  test("68 policies", () => {
    expect(vectors.cases.length).toBe(68);
    for (const each of vectors.cases) {
      const request = requestOf(each.args, each.groupBy);
      if (each.error !== undefined) {
        const message = (JSON.parse(each.error) as { message: string }).message;
        const text = message.replace("Fatal: ", "");
        if (text.startsWith("refusing")) expect(() => planForget(all, request, NOW)).toThrow();
        else expect(() => planForget(all, request, NOW)).toThrow(text);
        continue;
      }
      const groups = planForget(all, request, NOW).groups.map(({ key, keep, remove }) => ({
        host: key.hostname,
        paths: key.paths,
        tags: key.tags === null || key.tags.length === 0 ? null : key.tags,
        keep: keep.map((kept) => [numberOf(kept.snapshot), kept.reasons]),
        remove: remove.map(numberOf),
      }));
      expect(groups.toSorted(byKey), each.args.join(" ")).toEqual(each.groups!.toSorted(byKey));
    }
  });
});

function byKey(a: object, b: object): number {
  return keyText(a) < keyText(b) ? -1 : 1;
}

function keyText(group: object): string {
  const { host, paths, tags } = group as { host: string; paths: unknown; tags: unknown };
  return JSON.stringify([host, paths, tags]);
}

const GROUP = { host: true, paths: true, tags: false };
const LAST_ONE = { policy: { last: 1 }, filter: {}, groupBy: GROUP };

describe("safer than asked for", () => {
  const one = snapshot(1, { at: "2026-01-01T00:00:00Z", hostname: "a", tags: ["x"] });
  const two = snapshot(2, { at: "2026-01-02T00:00:00Z", hostname: "a" });

  test("a pinned snapshot stays, whatever the policy", () => {
    const pinned = { ...one, tags: [PIN_TAG] };
    const [group] = planForget([pinned, two], LAST_ONE, NOW).groups;
    expect(group!.keep.map(({ reasons }) => reasons)).toEqual([["last snapshot"], ["pinned"]]);
    const filter = { hosts: ["a"] };
    const request = { policy: {}, filter, groupBy: GROUP, allowRemoveAll: true };
    expect(planForget([pinned, two], request, NOW).groups[0]!.remove).toEqual([two]);
  });

  test("a group is emptied only with the flag and a filter", () => {
    const policy = { tags: [["typo"]] };
    expect(() => planForget([one], { ...LAST_ONE, policy }, NOW)).toThrow(
      /refusing to delete last/,
    );
    const allowed = { ...LAST_ONE, policy, allowRemoveAll: true };
    expect(() => planForget([one], allowed, NOW)).toThrow(/filter/);
    const plan = planForget([one], { ...allowed, filter: { hosts: ["a"] } }, NOW);
    expect(plan.groups[0]!.remove).toEqual([one]);
    expect(plan.warnings).toEqual(['No snapshot has the tags "typo" that are to be kept']);
  });

  test.each([
    [{ hosts: ["a", "b"] }, /host "b"/],
    [{ paths: ["/b"] }, /path "\/b"/],
    [{ tags: [["x"], ["y"]] }, /tags "y"/],
    [{ hosts: ["a"], tags: [["x"]], paths: ["/a", "/c"] }, /path "\/c"/],
  ])("a filter that matches nothing is refused: %j", (filter, message) => {
    expect(() => planForget([one, two], { ...LAST_ONE, filter }, NOW)).toThrow(message);
  });

  test("snapshots of the future are named and do not make the others old", () => {
    const future = snapshot(3, { at: "2099-01-01T00:00:00Z", hostname: "a" });
    const policy = { within: parseSpan("", "3d") };
    const plan = planForget([one, two, future], { ...LAST_ONE, policy }, NOW);
    expect(plan.groups[0]!.remove).toEqual([]);
    expect(plan.warnings).toEqual(["Snapshot 00000000 is dated in the future"]);
  });

  test("a snapshot that is listed twice counts once", () => {
    const plan = planForget([one, two, two], { ...LAST_ONE, policy: { last: 2 } }, NOW);
    expect(plan.groups[0]!.remove).toEqual([]);
  });

  test("warns when more than half of many go", () => {
    const many = Array.from({ length: 21 }, (_, i) =>
      snapshot(i, { at: `2026-01-${String(i + 1).padStart(2, "0")}T00:00:00Z` }),
    );
    const warned = (last: number): number =>
      planForget(many, { ...LAST_ONE, policy: { last } }, NOW).warnings.length;
    expect([warned(1), warned(10), warned(11)]).toEqual([1, 1, 0]);
  });
});

test("nothing is lost or decided twice, and each group keeps something", () => {
  const time = fc.integer({ min: 0, max: 100_000_000 });
  const facts = fc.record({
    seconds: time,
    offsetMinutes: fc.constantFrom(0, 60, -300, 345),
    hostname: fc.constantFrom("a", "b"),
    tags: fc.subarray(["x", "y", PIN_TAG]),
  });
  const policy = fc.record({
    last: fc.integer({ min: 0, max: 3 }),
    counts: fc.record({
      daily: fc.integer({ min: -1, max: 5 }),
      yearly: fc.integer({ min: 0, max: 2 }),
    }),
  });
  fc.assert(
    fc.property(fc.array(facts, { maxLength: 40 }), policy, time, (list, rules, seconds) => {
      const all = list.map(({ seconds: at, offsetMinutes, ...rest }, n) => ({
        ...snapshot(n, { at: "2026-01-01T00:00:00Z" }),
        ...rest,
        time: { seconds: at, nanos: 0, offsetMinutes },
      }));
      const now: Timestamp = fromMillis(seconds * 1000);
      const request = { policy: { ...rules, last: rules.last + 1 }, filter: {}, groupBy: GROUP };
      const { groups } = planForget(all, request, now);
      const seen = groups.flatMap(({ keep, remove }) => [
        ...keep.map((kept) => kept.snapshot.id),
        ...remove.map(({ id }) => id),
      ]);
      expect(seen.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      for (const { keep, remove } of groups) {
        expect(keep.length).toBeGreaterThan(0);
        expect(remove.some(({ tags }) => tags.includes(PIN_TAG))).toBe(false);
      }
    }),
  );
});

test("spans are read in any order and written in one", () => {
  expect(formatSpan(parseSpan("x", "2h7d5m1y"))).toBe("1y5m7d2h");
  for (const text of ["", "1", "1w", "d", "-1d", "1d "]) {
    expect(() => parseSpan("--keep-within", text), text).toThrow(/--keep-within/);
  }
});
