/**
 * What the format layer must reproduce byte for byte: names.json, pack.json, keys.json,
 * tiny-repo-v*.json.
 */
import { fromHex, fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { decodeConfig, encodeConfig } from "#format/config.ts";
import { parseId } from "#format/id.ts";
import { encodeIndexFile, indexedPack, readIndexFile } from "#format/index-file.ts";
import {
  decodeKeyFile,
  decodeMasterKey,
  encodeKeyFile,
  encodeMasterKey,
} from "#format/key-file.ts";
import { decodeLock, encodeLock } from "#format/lock.ts";
import { nameFromJson, nameToJson } from "#format/node-name.ts";
import type { NodeMeta } from "#format/node.ts";
import {
  decodePackHeader,
  encodePackHeader,
  packBytes,
  readHeaderLength,
} from "#format/pack-header.ts";
import { decodeSnapshot, encodeSnapshot } from "#format/snapshot.ts";
import { createTimeFormatter, formatUtc, type TimeFormatter } from "#format/time-formatter.ts";
import { parseTime, ZERO_TIME } from "#format/time.ts";
import { readTree } from "#format/tree-decode.ts";
import { completeFolder, encodeFolderHead, encodeNode, encodeTree } from "#format/tree-encode.ts";
import { expectSame, type SuiteCase } from "#testkit/suite-case.ts";

/** The parts of test/vectors/names.json that are used. */
export interface NameVectors {
  readonly names: readonly { readonly nameBytesHex: string; readonly jsonInTree: string }[];
  readonly linkTargets: readonly {
    readonly targetBytesHex: string;
    readonly jsonFragment: string;
  }[];
}
/** The parts of test/vectors/pack.json that are used. */
export interface PackVectors {
  readonly packId: string;
  readonly packHex: string;
  readonly headerPlaintextHex: string;
  readonly headerLengthField: string;
  readonly indexEntry: unknown;
}
/** The parts of test/vectors/tiny-repo-v*.json that are used. */
export interface RepoVectors {
  readonly decoded: {
    readonly jsonFiles: Readonly<Record<string, string>>;
    readonly packs: Readonly<
      Record<
        string,
        {
          readonly size: number;
          readonly headerPlaintextHex: string;
          readonly blobs: readonly { readonly plaintextUtf8?: string | undefined }[];
        }
      >
    >;
  };
}
export interface FormatVectors {
  readonly names: NameVectors;
  readonly pack: PackVectors;
  readonly keys: {
    readonly keys: readonly { readonly keyFileText: string; readonly masterKeyText: string }[];
  };
  readonly repos: Readonly<Record<1 | 2, RepoVectors>>;
}

const hex = (text: string): Uint8Array => fromHex(text)!;

/** A formatter that gives each time the offset with which it stands in a text. */
export function formatterOf(text: string): TimeFormatter {
  const offsets = new Map<number, number>();
  for (const [, written] of text.matchAll(/"([^"]+T[^"]+)"/g)) {
    const time = parseTime(written!);
    if (time !== undefined) offsets.set(time.seconds, time.offsetMinutes);
  }
  return createTimeFormatter((seconds) => offsets.get(seconds) ?? 0);
}

/** Decodes a stored JSON file by its name and encodes it again. */
export function reencode(file: string, json: Uint8Array, version: 1 | 2): Uint8Array {
  if (file === "config") return encodeConfig(decodeConfig(json));
  if (file.startsWith("index/")) return encodeIndexFile(readIndexFile(json, version));
  if (file.startsWith("locks/")) return encodeLock(decodeLock(json));
  return encodeSnapshot(decodeSnapshot(json));
}

/** Decodes a tree and encodes it again, folders in two steps. */
export function reencodeTree(tree: Uint8Array): Uint8Array {
  const formatTime = formatterOf(fromUtf8(tree));
  const nodes: Uint8Array[] = [];
  for (const { node } of readTree(tree, { strict: true })) {
    nodes.push(
      node.subtree
        ? completeFolder(encodeFolderHead(node, node.name, formatTime), node.subtree)
        : encodeNode(node, node.name, node.content, undefined, formatTime),
    );
  }
  return encodeTree(nodes);
}

/** The cases over the shared vectors, for any runtime. */
export function formatCases(vectors: FormatVectors): SuiteCase[] {
  return [
    { name: "names are quoted as restic stores them", run: () => checkNames(vectors.names) },
    { name: "link targets are stored as restic stores them", run: () => checkLinks(vectors.names) },
    { name: "key files survive decoding and encoding", run: () => checkKeys(vectors) },
    { name: "the pack's header and index entry agree", run: () => checkPack(vectors.pack) },
    ...([1, 2] as const).map((version) => ({
      name: `every file of the version ${version} repository encodes to its own bytes`,
      run: () => checkRepository(vectors.repos[version], version),
    })),
  ];
}

function checkNames({ names }: NameVectors): void {
  for (const { nameBytesHex, jsonInTree } of names) {
    expectSame(nameBytesHex, nameToJson(hex(nameBytesHex)), jsonInTree);
    const json = utf8(jsonInTree);
    expectSame(jsonInTree, toHex(nameFromJson(json, 1, json.length - 1)), nameBytesHex);
  }
}

function checkLinks({ linkTargets }: NameVectors): void {
  for (const { targetBytesHex, jsonFragment } of linkTargets) {
    const meta: NodeMeta = {
      type: "symlink",
      mode: 0o777,
      mtime: ZERO_TIME,
      atime: ZERO_TIME,
      ctime: ZERO_TIME,
      uid: 0,
      gid: 0,
      user: "",
      group: "",
      inode: 0n,
      deviceId: 0n,
      size: 0,
      links: 1n,
      linkTarget: hex(targetBytesHex),
      xattrs: [],
      device: 0n,
    };
    const bytes = encodeNode(meta, utf8("link"), null, undefined, formatUtc);
    const expected = `"links":1,${jsonFragment},"content":null}`;
    if (!fromUtf8(bytes).endsWith(expected)) throw new Error(`${fromUtf8(bytes)}: ${expected}`);
    for (const { node } of readTree(encodeTree([bytes]))) {
      expectSame(jsonFragment, toHex(node.linkTarget!), targetBytesHex);
    }
  }
}

function checkKeys({ keys }: FormatVectors): void {
  for (const { keyFileText, masterKeyText } of keys.keys) {
    const file = decodeKeyFile(utf8(keyFileText));
    expectSame("key file", fromUtf8(encodeKeyFile(file)), keyFileText);
    const master = decodeMasterKey(utf8(masterKeyText));
    expectSame("master key", fromUtf8(encodeMasterKey(master)), masterKeyText);
  }
}

function checkPack(vectors: PackVectors): void {
  const pack = hex(vectors.packHex);
  const header = hex(vectors.headerPlaintextHex);
  const sealed = readHeaderLength(pack.subarray(-4), pack.length);
  expectSame("header length", sealed, header.length + 32);
  const entries = decodePackHeader(header, 2, pack.length - sealed - 4);
  expectSame("header", toHex(encodePackHeader(entries)), vectors.headerPlaintextHex);
  expectSame("size", packBytes(entries), pack.length);
  const index = encodeIndexFile([indexedPack(parseId(vectors.packId)!, entries)]);
  expectSame("index", JSON.parse(fromUtf8(index)), { packs: [vectors.indexEntry] });
}

function checkRepository({ decoded }: RepoVectors, version: 1 | 2): void {
  for (const [file, text] of Object.entries(decoded.jsonFiles)) {
    expectSame(file, fromUtf8(reencode(file, utf8(text), version)), text);
  }
  for (const [file, { size, headerPlaintextHex, blobs }] of Object.entries(decoded.packs)) {
    const entries = decodePackHeader(hex(headerPlaintextHex), version);
    expectSame(file, toHex(encodePackHeader(entries)), headerPlaintextHex);
    expectSame(`${file} size`, packBytes(entries), size);
    for (const { plaintextUtf8: text } of blobs) {
      if (!text?.startsWith('{"nodes":')) continue;
      expectSame(file, fromUtf8(reencodeTree(utf8(text))), text);
    }
  }
}
