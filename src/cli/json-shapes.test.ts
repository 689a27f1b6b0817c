/** Our JSON beside restic's: same keys in the same order, same zero fields left out. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as backupJson from "#cli/backup/backup-json.ts";
import * as checkReport from "#cli/check/check-report.ts";
import { statsJson } from "#cli/commands/stats.ts";
import { nodeJson } from "#cli/node-json.ts";
import * as restoreJson from "#cli/restore/restore-json.ts";
import { snapshotJson } from "#cli/snapshot-json.ts";
import { jsonText } from "#cli/text/json-text.ts";
import { utf8 } from "#base/bytes.ts";
import { parseTime } from "#format/time.ts";
import { decodeSnapshot } from "#format/snapshot.ts";
import type { BackupResult } from "#operations/backup/options.ts";
import type { Node } from "#format/node.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

interface Sample {
  readonly command: string;
  readonly stdout: readonly string[];
}
const { samples } = JSON.parse(
  readFileSync(new URL("../../test/vectors/json-output.json", import.meta.url), "utf8"),
) as { samples: Sample[] };

function sample(command: string, line: number): string {
  const found = samples.find((each) => each.command === command);
  return found!.stdout.at(line)!;
}

/** Key names in order, nested objects included. */
function shape(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
    typeof value === "object" || key === "" ? value : typeof value,
  );
}

function sameShape(ours: Parameters<typeof jsonText>[0], theirs: string): void {
  expect(shape(jsonText(ours))).toBe(shape(theirs));
}

const start = parseTime("2026-11-24T04:30:18.28025836+01:00")!;
const end = parseTime("2026-11-24T04:30:19.009984896+01:00")!;
const result: BackupResult = {
  snapshotId: "da9d582b38070e1f0cd1178c37ad17de9eba840134bae97bb4877a79b20cd723",
  tree: "",
  parent: undefined,
  errors: 0,
  dryRun: false,
  skipped: false,
  summary: {
    backupStart: start,
    backupEnd: end,
    filesNew: 2,
    filesChanged: 0,
    filesUnmodified: 0,
    dirsNew: 3,
    dirsChanged: 0,
    dirsUnmodified: 0,
    dataBlobs: 3,
    treeBlobs: 4,
    dataAdded: 3_002_218,
    dataAddedPacked: 3_001_681,
    totalFilesProcessed: 2,
    totalBytesProcessed: 3_000_006,
    extra: [],
  },
};

describe("backup", () => {
  const command = "backup /srv/example2 -v -v --host h --tag t1";

  test("summary, to the byte", () => {
    const theirs = sample(command, -1).replace(/"total_duration":[\d.]+/, '"total_duration":0');
    const ours = jsonText(backupJson.summaryJson(result));
    expect(ours.replace(/"total_duration":[\d.]+/, '"total_duration":0')).toBe(theirs);
    expect(backupJson.secondsBetween(start, end)).toBeCloseTo(0.729726536, 6);
  });

  test("summary without a snapshot, and of a dry run", () => {
    const skipped = { ...result, snapshotId: undefined };
    sameShape(
      backupJson.summaryJson(skipped),
      sample("backup /srv/example2 --host h --skip-if-unchanged", -1),
    );
    sameShape(
      backupJson.summaryJson({ ...result, dryRun: true }),
      sample("backup /srv/example2 --dry-run --host h", -1),
    );
  });

  test("status", () => {
    const state = {
      filesDone: 1,
      bytesDone: 3_000_006,
      filesTotal: 2,
      bytesTotal: 3_000_006,
      errors: 0,
      current: [],
    };
    const ours = backupJson.statusJson(state, { elapsed: 0.4, left: undefined }, [
      "/srv/example2/d/b.bin",
    ]);
    expect(jsonText(ours)).toBe(sample(command, 2));
  });

  test("scan and items", () => {
    const scan = jsonText(backupJson.scanFinishedJson(0.006839675, 2, 3_000_006));
    expect(scan).toBe(sample(command, 0));
    const item = backupJson.itemJson({
      kind: "item",
      action: "new",
      type: "file",
      path: utf8("/srv/example2/a.txt"),
      size: 6,
      added: 6,
      addedPacked: 88,
    });
    sameShape(item, sample(command, 1));
  });
});

test("snapshots and ls", () => {
  const [theirs] = JSON.parse(sample("snapshots", 0)) as [Record<string, unknown>];
  const { id, short_id: _short, ...file } = theirs;
  const stored = { ...decodeSnapshot(utf8(JSON.stringify(file))), id: id as never };
  expect(`[${jsonText(snapshotJson(stored))}]`).toBe(sample("snapshots", 0));

  const time = parseTime("2026-11-24T04:30:19.720054322+01:00")!;
  const node: Node = {
    name: utf8("new"),
    type: "file",
    mode: 420,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 0,
    gid: 0,
    user: "",
    group: "",
    inode: 1_802_780n,
    deviceId: 0n,
    size: 1,
    links: 1n,
    xattrs: [],
    device: 0n,
    content: new Uint8Array(),
  };
  const entry = { path: utf8("/srv/example2/new"), depth: 2, node };
  const clock = createFakeClock(undefined, 60);
  expect(jsonText(nodeJson(entry, clock))).toBe(sample("ls latest", -1));
  const folder = { ...node, name: utf8("srv"), type: "dir", mode: 2_147_484_141 } as const;
  const line = jsonText(nodeJson({ path: utf8("/srv"), depth: 0, node: folder }, clock));
  expect(shape(line)).toBe(shape(sample("ls latest", 1)));
});

test("restore", () => {
  const all = {
    totalFiles: 6,
    filesRestored: 6,
    filesSkipped: 0,
    filesDeleted: 0,
    totalBytes: 3_000_006,
    bytesRestored: 3_000_006,
    bytesSkipped: 0,
  };
  const command = "restore latest -t /srv/restore -vv";
  expect(jsonText(restoreJson.summaryJson(all, 0.3))).toBe(sample(command, -1));
  const item = { kind: "item", action: "restored", item: "/srv/example2/a.txt", size: 5 } as const;
  expect(jsonText(restoreJson.itemJson(item))).toBe(sample(command, 0));
});

test("check and stats", () => {
  const ours = checkReport.summaryJson({
    errors: [],
    errorCount: 0,
    remarks: [],
    remarkCount: 0,
    snapshots: 3,
    indexFiles: 3,
    packs: 4,
    trees: 7,
    packsRead: 0,
    bytesRead: 0,
    suggestRepairIndex: false,
    suggestPrune: false,
    brokenPacks: [],
  });
  expect(jsonText(ours)).toBe(sample("check", 0));
  const restoreSize = { totalSize: 9_000_018, totalFileCount: 18, snapshotsCount: 3 };
  expect(jsonText(statsJson(restoreSize))).toBe(sample("stats", 0));
  const raw = {
    totalSize: 3_002_410,
    totalUncompressedSize: 3_004_423,
    compressionRatio: 1.0006704613960118,
    compressionProgress: 100,
    compressionSpaceSaving: 0.06700121787112101,
    totalBlobCount: 12,
    snapshotsCount: 3,
  };
  expect(jsonText(statsJson(raw))).toBe(sample("stats --mode raw-data", 0));
});
