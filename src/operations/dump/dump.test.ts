import { beforeEach, describe, expect, test } from "vitest";
import { inflateRawSync } from "node:zlib";
import { MemoryBackend } from "#backends/memory.ts";
import { concatBytes, fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import type { Node } from "#format/node.ts";
import { crc32 } from "#operations/dump/crc32.ts";
import type { DumpEvent } from "#operations/dump/dump-types.ts";
import { dumpFolder } from "#operations/dump/dump.ts";
import { PaxRecords, paxTime } from "#operations/dump/pax-records.ts";
import { tarHeader } from "#operations/dump/tar-header.ts";
import { splitDevice } from "#operations/dump/unix-mode.ts";
import {
  centralHeader,
  dataDescriptor,
  endRecords,
  localHeader,
  type ZipEntry,
} from "#operations/dump/zip-records.ts";
import { loadIndex } from "#repository/load-index.ts";
import type { Repository } from "#repository/repository.ts";
import {
  fileNode,
  folderNode,
  HostileRepository,
  type NodeFields,
} from "#testkit/hostile-repository.ts";
import { fileOf, folderOf, noiseContent, symlinkTo } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { rootOf, SnapshotMaker } from "#testkit/snapshot-maker.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });

async function dump(repo: Repository, tree: Uint8Array, format: "tar" | "zip", path = "") {
  const events: DumpEvent[] = [];
  const pieces: Uint8Array[] = [];
  const progress = (event: DumpEvent): void => void events.push(event);
  for await (const bytes of dumpFolder(repo, { format, tree, path }, { progress })) {
    pieces.push(bytes.slice());
  }
  return { bytes: concatBytes(pieces), events };
}

interface TarEntry {
  readonly name: string;
  readonly type: string;
  readonly link: string;
  readonly size: number;
  readonly pax: Readonly<Record<string, string>>;
  readonly content: Uint8Array;
}

/** A reader by the standard, independent of the writer. */
function readTar(bytes: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  let pax: Record<string, string> = {};
  const text = (at: number, length: number): string =>
    fromUtf8(bytes.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; bytes[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const block = bytes.slice(at, at + 512);
    const sum = Number.parseInt(text(at + 148, 8), 8);
    block.fill(0x20, 148, 156);
    expect(block.reduce((total, byte) => total + byte, 0)).toBe(sum);
    expect(text(at + 257, 6)).toBe("ustar");
    const content = bytes.subarray(at + 512, at + 512 + size);
    const type = text(at + 156, 1);
    if (type === "x") pax = readPax(content);
    else {
      const prefix = text(at + 345, 155);
      const name = pax["path"] ?? (prefix ? `${prefix}/` : "") + text(at + 0, 100);
      const link = pax["linkpath"] ?? text(at + 157, 100);
      entries.push({ name, type, link, size, pax, content });
      pax = {};
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

function readPax(bytes: Uint8Array): Record<string, string> {
  const records: Record<string, string> = {};
  const latin = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  for (let at = 0; at < latin.length;) {
    const length = Number.parseInt(latin.slice(at), 10);
    const record = latin.slice(at, at + length);
    expect(record.endsWith("\n")).toBe(true);
    const [key, ...value] = record.slice(record.indexOf(" ") + 1, -1).split("=");
    records[key!] = value.join("=");
    at += length;
  }
  return records;
}

let maker: SnapshotMaker;
let tree: Uint8Array;
const LONG = "a-long-name-".repeat(20);

beforeEach(async () => {
  maker = await SnapshotMaker.create(primitives);
  const source = new MemorySource(
    folderOf({
      home: folderOf(
        [
          ["small", fileOf("hello", { mtime: { seconds: 1_600_000_000, nanos: 123_456_789 } })],
          ["noise", fileOf(noiseContent(3_000_000, 4))],
          ["empty", fileOf("")],
          [LONG, fileOf("long")],
          [Uint8Array.of(0x66, 0xe9), fileOf("latin")],
          ["ünï", symlinkTo("small")],
          ["pipe", { type: "fifo" }],
          ["dev", { type: "chardev", device: 0x501n }],
          [
            "x",
            fileOf("x", { xattrs: [{ name: utf8("user.a=b"), value: Uint8Array.of(0, 10, 255) }] }),
          ],
          ["d", folderOf({ inside: fileOf("in") })],
        ],
        { permissions: 0o1777 },
      ),
    }),
  );
  source.link("/home/small", "/home/zz-link");
  tree = rootOf(await maker.snapshot(source));
});

describe("tar", () => {
  test("holds everything", async () => {
    const { bytes, events } = await dump(await maker.opened(), tree, "tar");
    const entries = new Map(readTar(bytes).map((entry) => [entry.name, entry]));
    const text = (name: string): string => fromUtf8(entries.get(name)!.content);
    expect(text("home/small")).toBe("hello");
    expect(entries.get("home/small")!.pax["mtime"]).toBe("1600000000.123456789");
    expect(entries.get("home/noise")!.size).toBe(3_000_000);
    expect(text(`home/${LONG}`)).toBe("long");
    expect(entries.get("home/d/")!.type).toBe("5");
    expect(text("home/d/inside")).toBe("in");
    expect(entries.get("home/zz-link")).toMatchObject({ type: "1", link: "home/small", size: 0 });
    expect(entries.get("home/pipe")!.type).toBe("6");
    expect(entries.get("home/dev")!.type).toBe("3");
    expect(entries.get("home/x")!.pax["SCHILY.xattr.user.a%3Db"]).toBe("\0\n\u00ff");
    const link = [...entries.values()].find(({ type }) => type === "2")!;
    expect(link.link).toBe("small");
    const odd = [...entries.values()].find(({ pax }) => pax["hdrcharset"] !== undefined)!;
    expect(odd.pax).toMatchObject({ hdrcharset: "BINARY", path: "home/f\u00e9" });
    expect(events.every(({ kind }) => kind === "entry")).toBe(true);
    expect(bytes.length % 512).toBe(0);
  });

  test("begins every name with the folder's path", async () => {
    const repo = await maker.opened();
    const { bytes } = await dump(repo, tree, "tar", "/srv//deep/");
    expect(readTar(bytes).every(({ name }) => name.startsWith("srv/deep/home"))).toBe(true);
  });
});

describe("zip", () => {
  test("holds files, folders and links, and says what it leaves out", async () => {
    const { bytes, events } = await dump(await maker.opened(), tree, "zip");
    const view = new DataView(bytes.buffer);
    const end = bytes.length - 22;
    expect(view.getUint32(end, true)).toBe(0x06054b50);
    const found: Record<string, string> = {};
    let at = view.getUint32(end + 16, true);
    for (let i = 0; i < view.getUint16(end + 10, true); i++) {
      expect(view.getUint32(at, true)).toBe(0x02014b50);
      const [crc, packed, size] = [16, 20, 24].map((from) => view.getUint32(at + from, true));
      const [names, extra] = [28, 30].map((from) => view.getUint16(at + from, true));
      const local = view.getUint32(at + 42, true);
      const name = fromUtf8(bytes.subarray(at + 46, at + 46 + names!));
      const start =
        local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const stored = bytes.subarray(start, start + packed!);
      const plain = view.getUint16(at + 10, true) === 8 ? inflateRawSync(stored) : stored;
      expect(plain.length).toBe(size);
      expect(crc32(plain)).toBe(crc);
      found[name] = plain.length < 100 ? fromUtf8(plain) : "large";
      at += 46 + names! + extra!;
    }
    expect(found).toMatchObject({
      "home/small": "hello",
      "home/zz-link": "hello",
      "home/noise": "large",
      "home/empty": "",
      "home/d/": "",
      "home/ünï": "small",
    });
    const skipped = events.filter(({ kind }) => kind === "skipped");
    expect(skipped.map(({ path }) => fromUtf8(path)).toSorted()).toEqual(["home/dev", "home/pipe"]);
  });
});

describe("hostile trees", () => {
  async function hostile(nodes: (maker: HostileRepository) => NodeFields[]) {
    const repo = await HostileRepository.create(new MemoryBackend(), primitives);
    const root = repo.tree(nodes(repo));
    await repo.pack();
    await repo.index();
    await loadIndex(repo.repo);
    const { bytes, events } = await dump(repo.repo, root, "tar");
    const errors = events.flatMap((event) => (event.kind === "error" ? [event.message] : []));
    return { names: readTar(bytes).map(({ name }) => name), errors };
  }
  test("names that lead elsewhere are refused, and what lies below them", async () => {
    const { names, errors } = await hostile((repo) => {
      const sub = repo.tree([fileNode("inside", [], 0)]);
      return [
        folderNode("..", sub),
        fileNode(".", [], 0),
        fileNode("/etc/passwd", [], 0),
        fileNode("a/../../b", [], 0),
        fileNode("", [], 0),
        fileNode("fine", [], 0),
      ];
    });
    expect(names).toEqual(["fine"]);
    expect(errors).toHaveLength(5);
  });

  test("sizes that lie and missing content leave the archive readable", async () => {
    const { names, errors } = await hostile((repo) => {
      const blob = repo.data("content");
      return [
        fileNode("a", [blob], 10 ** 12),
        fileNode("b", [blob], 1),
        fileNode("c", [new Uint8Array(32)], 7),
        fileNode("d", [blob], 7),
        folderNode("e", new Uint8Array(32)),
      ];
    });
    expect(names).toEqual(["d", "e/"]);
    expect(errors).toHaveLength(4);
  });
});

test("damaged content ends the stream with its error", async () => {
  const repo = await maker.opened();
  for (const [path, bytes] of maker.backend.files) {
    if (path.startsWith("data/") && bytes.length > 100_000) bytes[40]! ^= 1;
  }
  await expect(dump(repo, tree, "tar")).rejects.toMatchObject({ code: "BAD_MAC" });
  await expect(dump(repo, tree, "zip")).rejects.toMatchObject({ code: "BAD_MAC" });
});

describe("records", () => {
  test("a pax record counts its own length", () => {
    for (const size of [1, 5, 89, 90, 91, 92, 988, 989, 990, 991]) {
      const pax = new PaxRecords();
      pax.add("k", "v".repeat(size));
      const bytes = pax.take();
      expect(Number.parseInt(fromUtf8(bytes), 10)).toBe(bytes.length);
    }
  });

  test("times before 1970 and fractions", () => {
    expect(paxTime({ seconds: 5, nanos: 0 })).toBe("5");
    expect(paxTime({ seconds: 5, nanos: 120 })).toBe("5.00000012");
    expect(paxTime({ seconds: -1, nanos: 500_000_000 })).toBe("-0.5");
    expect(paxTime({ seconds: -2, nanos: 250_000_000 })).toBe("-1.75");
  });

  test("numbers too large for a field go to records", () => {
    const node = {
      name: utf8("n"),
      type: "file",
      mode: 0o644,
      mtime: { seconds: 9_000_000_000_000, nanos: 0 },
      uid: 4_000_000_000,
      gid: 3_000_000,
      user: "",
      group: "",
      xattrs: [],
    } as unknown as Node;
    const entry = {
      path: utf8("n"),
      node,
      size: 10 * 1024 ** 3,
      compressible: true,
      linkTo: undefined,
    };
    const pax = readPax(
      tarHeader(entry).subarray(
        512,
        512 + Number.parseInt(fromUtf8(tarHeader(entry).subarray(124, 135)), 8),
      ),
    );
    expect(pax).toEqual({
      uid: "4000000000",
      gid: "3000000",
      size: String(10 * 1024 ** 3),
      mtime: "9000000000000",
    });
  });

  test("device numbers", () => {
    expect(splitDevice(0x501n)).toEqual({ major: 5, minor: 1 });
    expect(splitDevice(0x12345_000_67_89an)).toMatchObject({ minor: expect.any(Number) });
  });

  test("CRC-32", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    const text = utf8("The quick brown fox jumps over the lazy dog");
    expect(crc32(text.subarray(11), crc32(text.subarray(0, 11)))).toBe(crc32(text));
    expect(crc32(text)).toBe(0x414fa339);
  });

  test("zip64 where 32 bits are too few", () => {
    const entry: ZipEntry = {
      name: utf8("n"),
      isUtf8: true,
      mtime: { seconds: 0, nanos: 0 },
      offsetMinutes: 0,
      uid: 1,
      gid: 2,
      mode: 0o100644,
      isFolder: false,
      method: 8,
      streamed: true,
      large: true,
    };
    const huge = { crc: 1, packed: 5 * 2 ** 32, size: 6 * 2 ** 32 };
    expect(dataDescriptor(entry, huge)).toHaveLength(24);
    expect(toHex(localHeader(entry, huge).subarray(18, 26))).toBe("ffffffffffffffff");
    const central = toHex(centralHeader(entry, huge, 7 * 2 ** 32));
    expect(central).toContain("01001800" + "0000000006000000" + "0000000005000000");
    expect(endRecords(70_000, 100, 200)).toHaveLength(56 + 20 + 22);
    expect(endRecords(3, 100, 200)).toHaveLength(22);
  });
});
