/**
 * A tree with one of everything that backup programs get wrong, made on disk from a seed, for
 * interop tests. What the machine cannot make (devices without root) is named in the result.
 */
import { mkdirSync } from "node:fs";
import { concatBytes, utf8 } from "#base/bytes.ts";
import { randomBelow } from "#base/random.ts";
import type { Random } from "#base/random.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { TreeWriter } from "#testkit/node/tree-writer.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

export interface OddTree {
  /** Raw paths below the root of all entries made. */
  readonly made: readonly Uint8Array[];
  /** Sentences: what could not be made here, and why. */
  readonly skipped: readonly string[];
}

/** Sizes around the chunker's limits (docs/format.md, section 10) and around a read buffer. */
const EDGE_SIZES = [
  0, 1, 63, 64, 65, 4095, 4096, 65_535, 65_536, 524_287, 524_288, 524_289, 8_388_607, 8_388_608,
  8_388_609,
];

/**
 * Makes the tree in `root`, which must not exist. Equal seeds give equal names, bytes, modes and
 * times. About 40 MB.
 */
export function makeOddTree(root: string, seed = 1): OddTree {
  mkdirSync(root, { mode: 0o755 });
  const writer = new TreeWriter(root);
  const random = seededRandom(seed);
  addNames(writer);
  addSizes(writer, random);
  addLinks(writer);
  addSpecialFiles(writer);
  addModes(writer);
  addAttributes(writer, random);
  addFolders(writer);
  writer.folder("times");
  for (const [name] of ODD_TIMES) writer.file(`times/${name}`, name);
  setTimes(writer, random);
  return { made: writer.made, skipped: writer.skipped };
}

const ODD_NAMES: readonly string[] = [
  'quote"double',
  "quote'single",
  "back\\slash",
  "back\\x41\\u0041",
  "new\nline",
  "tab\tbell\x07",
  "\x01control\x1f\x7f",
  " space ",
  "-dash",
  "~tilde",
  "$dollar `tick`",
  "star*question?[set]",
  "<html>&amp;",
  "emoji-\u{1f600}",
  "family-\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "composed-\u00e9",
  "decomposed-e\u0301",
  "no-break\u00a0space",
  "soft\u00adhyphen",
  "line\u2028separator",
  "order-\uffff",
  "order-\u{10000}",
  "private-\ue000",
  "unassigned-\u0378",
  "newer-than-unicode-15-\u{105c0}",
  "tag-\u{e0001}",
  "replacement-\ufffd",
  "...",
  "..data",
  "x".repeat(255),
];

/** Not UTF-8: Latin-1, a lone surrogate, an overlong slash, a cut sequence, the byte 0xff. */
const ODD_BYTES: readonly (readonly number[])[] = [
  [0x63, 0x61, 0x66, 0xe9],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
  [0x61, 0xe2, 0x82],
  [0xff],
  [0xff, 0xfe, 0x0a, 0x22],
];

function addNames(writer: TreeWriter): void {
  writer.folder("names");
  for (const name of ODD_NAMES) writer.file(`names/${name}`, name);
  for (const bytes of ODD_BYTES) {
    const raw = concatBytes([utf8("names/"), Uint8Array.from(bytes)]);
    writer.orSkip("name that is not UTF-8", ["EILSEQ"], () => writer.file(raw, "raw"));
  }
  writer.folder(concatBytes([utf8("names/dir"), Uint8Array.of(0xe9)]));
  writer.file(concatBytes([utf8("names/dir"), Uint8Array.of(0xe9), utf8("/inside")]), "inside");
}

function addSizes(writer: TreeWriter, random: Random): void {
  writer.folder("sizes");
  for (const size of EDGE_SIZES) {
    writer.file(`sizes/noise-${size}`, random.fill(new Uint8Array(size)));
  }
  writer.file("sizes/zeros", new Uint8Array(2_000_000));
  writer.file("sizes/text", "the same line again\n".repeat(100_000));
  writer.sparse("sizes/sparse", 64 << 20, [
    [0, "start"],
    [33 << 20, "middle"],
    [(64 << 20) - 3, "end"],
  ]);
  writer.sparse("sizes/all-hole", 10_000_000, []);
}

function addLinks(writer: TreeWriter): void {
  writer.folder("links");
  writer.file("links/first", "linked three times");
  writer.hardLink("links/first", "links/second");
  writer.folder("links/elsewhere");
  writer.hardLink("links/first", "links/elsewhere/third");
  writer.file("links/empty");
  writer.hardLink("links/empty", "links/empty-too");
  writer.symlink("links/to-file", "first");
  writer.symlink("links/to-folder", "../sizes");
  writer.symlink("links/dangling", "no/such/thing");
  writer.symlink("links/absolute", "/etc/hostname");
  writer.symlink("links/loop", "loop");
  writer.symlink("links/not-utf8", Uint8Array.of(0x2f, 0xe9, 0xff, 0x0a));
  writer.symlink("links/quotes", 'a"b\\c<d>\u2028');
  writer.symlink("links/long", "t".repeat(4000));
  writer.hardLink("links/dangling", "links/dangling-too");
}

function addSpecialFiles(writer: TreeWriter): void {
  writer.folder("special");
  writer.special("special/fifo", 0o010640);
  writer.special("special/null", 0o020666, 0x103n);
  writer.special("special/block", 0o060640, 0x800n);
  // Major 300, minor 70000: needs more than the old 16 bits.
  writer.special("special/big-numbers", 0o020600, 0x11112c70n);
}

function addModes(writer: TreeWriter): void {
  writer.folder("modes");
  if (process.getuid?.() === 0) writer.file("modes/file-0", "mode", 0o000);
  else writer.skipped.push("file of mode 0: only root could read it");
  for (const mode of [0o400, 0o777, 0o4755, 0o2755, 0o1644, 0o7777]) {
    writer.file(`modes/file-${mode.toString(8)}`, "mode", mode);
  }
  for (const mode of [0o700, 0o1777, 0o2775]) {
    writer.folder(`modes/folder-${mode.toString(8)}`, mode);
  }
  writer.file("modes/foreign-owner", "owner");
  writer.owner("modes/foreign-owner", 54_321, 4_000_000_000);
  writer.symlink("modes/foreign-link", "foreign-owner");
  writer.owner("modes/foreign-link", 54_321, 54_321);
}

/** `vfs_cap_data`, revision 2, effective: CAP_NET_BIND_SERVICE. */
const CAPABILITY = Uint8Array.of(1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

function addAttributes(writer: TreeWriter, random: Random): void {
  writer.folder("attributes");
  writer.file("attributes/several", "x");
  writer.attribute("attributes/several", "user.zebra", "z");
  writer.attribute("attributes/several", "user.apple", random.fill(new Uint8Array(200)));
  writer.attribute("attributes/several", "user.empty", "");
  writer.attribute("attributes/several", "user.unicode-\u00e9", "\u00e9");
  const odd = concatBytes([utf8("user.odd="), Uint8Array.of(0xe9, 0x22, 0x0a)]);
  writer.attribute("attributes/several", odd, "odd name");
  writer.attribute("attributes/several", "trusted.root-only", "t");
  writer.file("attributes/large", "x");
  writer.attribute("attributes/large", "user.large", random.fill(new Uint8Array(3000)));
  writer.attribute("attributes", "user.of-a-folder", "yes");
  writer.symlink("attributes/link", "several");
  writer.attribute("attributes/link", "trusted.of-a-link", "yes");
  writer.file("attributes/capable", "#!/bin/true\n", 0o755);
  writer.attribute("attributes/capable", "security.capability", CAPABILITY);
  writer.file("attributes/acl", "acl", 0o640);
  writer.acl("attributes/acl", "-m", "u:54321:rwx,g:54322:r-x");
  writer.folder("attributes/acl-folder");
  writer.acl("attributes/acl-folder", "-m", "u:54321:rwx");
  writer.acl("attributes/acl-folder", "-d", "-m", "u:54321:r-x");
}

function addFolders(writer: TreeWriter): void {
  writer.folder("folders");
  writer.folder("folders/empty");
  writer.folder("folders/only-empty");
  writer.folder("folders/only-empty/empty");
  writer.folder("folders/many");
  for (let i = 0; i < 300; i++) writer.file(`folders/many/${i}`, `file ${i}\n`);
  let path = "folders/nested";
  writer.folder(path);
  for (let level = 0; level < 40; level++) writer.folder((path += `/level ${level}`));
  writer.file(`${path}/bottom`, "bottom");
}

/** What ext4 can hold: from December 1901 until 2446. */
const ODD_TIMES: readonly (readonly [string, Timestamp])[] = [
  ["epoch", { seconds: 0, nanos: 0 }],
  ["one-nanosecond", { seconds: 1_600_000_000, nanos: 1 }],
  ["last-nanosecond", { seconds: 1_600_000_000, nanos: 999_999_999 }],
  ["trailing-zeros", { seconds: 1_600_000_000, nanos: 120_000_000 }],
  ["before-epoch", { seconds: -1, nanos: 500_000_001 }],
  ["year-1931", { seconds: -1_230_000_000, nanos: 7 }],
  ["year-2038", { seconds: 2 ** 31 + 1, nanos: 3 }],
  ["year-2106", { seconds: 2 ** 32 + 1, nanos: 3 }],
  ["year-2400", { seconds: 13_569_465_600, nanos: 123_456_789 }],
];

/** Last of all, and what is inside a folder before the folder: making entries moves its time. */
function setTimes(writer: TreeWriter, random: Random): void {
  for (const path of writer.made.toReversed()) {
    const seconds = 1_400_000_000 + randomBelow(random, 300_000_000);
    writer.time(path, { seconds, nanos: randomBelow(random, 1_000_000_000) });
  }
  for (const [name, time] of ODD_TIMES) writer.time(`times/${name}`, time);
  writer.time("", { seconds: 1_500_000_000, nanos: 500 });
}
