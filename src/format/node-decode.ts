/**
 * Decoding one node of a tree (docs/format.md, section 9). Any valid JSON is accepted, as restic
 * does.
 */
import { fromBase64, utf8 } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";
import type { JsonReader } from "#format/json-reader.ts";
import { nameFromJson } from "#format/node-name.ts";
import type { ExtendedAttribute, Node, NodeType } from "#format/node.ts";
import { parseTimeBytes, ZERO_TIME } from "#format/time.ts";

type Draft = { -readonly [K in keyof Node]: Node[K] };

const UINT32 = 0xffff_ffff;
const TYPES: ReadonlySet<string> = new Set<NodeType>([
  "file",
  "dir",
  "symlink",
  "dev",
  "chardev",
  "fifo",
  "socket",
  "irregular",
  "",
]);
const NO_XATTRS: readonly ExtendedAttribute[] = [];
const NO_CONTENT = new Uint8Array(0);
const ID_BYTES = 32;
const NO_NAME = new Uint8Array(0);

/**
 * Reads the object that is next. The node owns its bytes. Absent fields are zero, as in Go; unknown
 * ones are skipped. The name is unquoted but not validated.
 * @throws BAD_TREE for wrong types, malformed ids, times or names, a missing name, an unknown type
 * @throws TOO_LARGE for a size above 2^53
 */
export function decodeNode(reader: JsonReader): Node {
  const node: Draft = {
    type: "",
    mode: 0,
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
    links: 0n,
    linkTarget: undefined,
    xattrs: NO_XATTRS,
    genericAttributes: undefined,
    device: 0n,
    name: NO_NAME,
    content: null,
    subtree: undefined,
    error: undefined,
  };
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const read = FIELDS.get(reader.key());
    if (read === undefined) reader.skip();
    else if (!reader.isNull()) read(node, reader);
  }
  if (node.name === NO_NAME) reader.fail("an entry without name");
  return node;
}

const FIELDS = new Map<string, (node: Draft, reader: JsonReader) => void>([
  [
    "name",
    (node, r) => {
      r.locateString();
      node.name = nameFromJson(r.bytes, r.stringStart, r.stringEnd);
    },
  ],
  ["type", (node, r) => void (node.type = readType(r))],
  ["mode", (node, r) => void (node.mode = r.uint(UINT32))],
  ["mtime", (node, r) => void (node.mtime = readTime(r))],
  ["atime", (node, r) => void (node.atime = readTime(r))],
  ["ctime", (node, r) => void (node.ctime = readTime(r))],
  ["uid", (node, r) => void (node.uid = r.uint(UINT32))],
  ["gid", (node, r) => void (node.gid = r.uint(UINT32))],
  ["user", (node, r) => void (node.user = r.shortString())],
  ["group", (node, r) => void (node.group = r.shortString())],
  ["inode", (node, r) => void (node.inode = r.uint64())],
  ["device_id", (node, r) => void (node.deviceId = r.uint64())],
  ["size", (node, r) => void (node.size = r.uint())],
  ["links", (node, r) => void (node.links = readLinks(r))],
  [
    "linktarget",
    (node, r) => {
      const target = utf8(r.string());
      node.linkTarget ??= target;
    },
  ],
  ["linktarget_raw", (node, r) => void (node.linkTarget = readBase64(r))],
  ["extended_attributes", (node, r) => void (node.xattrs = readAttributes(r))],
  [
    "generic_attributes",
    (node, r) => {
      if (r.peek() !== 0x7b) r.fail("expected an object");
      node.genericAttributes = r.raw();
    },
  ],
  ["device", (node, r) => void (node.device = r.uint64())],
  ["content", (node, r) => void (node.content = readIds(r))],
  ["subtree", (node, r) => void (node.subtree = readId(r))],
  ["error", (node, r) => void (node.error = r.string())],
]);

function readType(reader: JsonReader): NodeType {
  const type = reader.shortString();
  if (!TYPES.has(type)) reader.fail("an entry of unknown type");
  return type as NodeType;
}

function readTime(reader: JsonReader): Timestamp {
  reader.locateString();
  const time = parseTimeBytes(reader.bytes, reader.stringStart, reader.stringEnd);
  if (time === undefined) return reader.fail("a malformed time");
  return { seconds: time.seconds, nanos: time.nanos };
}

function readLinks(reader: JsonReader): bigint {
  const links = reader.uint64();
  return links === 1n ? 1n : links;
}

function readBase64(reader: JsonReader): Uint8Array {
  return fromBase64(reader.string()) ?? reader.fail("malformed base64");
}

function readAttributes(reader: JsonReader): ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = [];
  for (let more = reader.openArray(); more; more = reader.nextItem()) {
    let name: Uint8Array | undefined;
    let value: Uint8Array = NO_CONTENT;
    for (let member = reader.openObject(); member; member = reader.nextMember()) {
      const key = reader.key();
      if (key === "name") name = utf8(reader.string());
      else if (key !== "value") reader.skip();
      else if (!reader.isNull()) value = readBase64(reader);
    }
    if (name === undefined) return reader.fail("an extended attribute without name");
    attributes.push({ name, value });
  }
  return attributes;
}

function readId(reader: JsonReader): Uint8Array {
  const id = new Uint8Array(ID_BYTES);
  writeHexId(reader, id, 0);
  return id;
}

/** A list of ids, joined. Memory is bounded by the text's own length. */
function readIds(reader: JsonReader): Uint8Array {
  const from = reader.pos;
  if (!reader.openArray()) return NO_CONTENT;
  const first = reader.pos;
  reader.pos = from;
  reader.skip();
  // 66 bytes is the shortest text of an id, a comma follows each but the last.
  const ids = new Uint8Array(Math.floor((reader.pos - first) / (2 * ID_BYTES + 3)) * ID_BYTES);
  reader.pos = first;
  let at = 0;
  let more = true;
  for (; more; more = reader.nextItem()) {
    if (at === ids.length) reader.fail("a content id that is not 64 hex digits");
    writeHexId(reader, ids, at);
    at += ID_BYTES;
  }
  return at === ids.length ? ids : ids.slice(0, at);
}

/** 0 to 15 per hex digit, either case; 255 for any other byte. */
const DIGIT = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  DIGIT[i.toString(16).charCodeAt(0)] = i;
  DIGIT[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

function writeHexId(reader: JsonReader, into: Uint8Array, at: number): void {
  reader.locateString();
  const { bytes, stringStart, stringEnd } = reader;
  let bad = stringEnd - stringStart === 2 * ID_BYTES ? 0 : 255;
  if (bad === 0) {
    for (let i = 0; i < ID_BYTES; i++) {
      const high = DIGIT[bytes[stringStart + 2 * i]!]!;
      const low = DIGIT[bytes[stringStart + 2 * i + 1]!]!;
      bad |= high | low;
      into[at + i] = (high << 4) | (low & 15);
    }
  }
  if (bad > 15) reader.fail("an id that is not 64 hex digits");
}
