/**
 * Nodes and trees as restic writes them, byte for byte: the id of a tree is the hash of these bytes
 * (docs/format.md, section 9). Runs once per file of a backup, so it builds one string and converts
 * it in one call.
 */
import { toBase64, utf8 } from "#base/bytes.ts";
import { quoteJson, quoteJsonBytes } from "#format/go-json.ts";
import { nameToJson } from "#format/node-name.ts";
import type { ExtendedAttribute, NodeMeta, NodeType } from "#format/node.ts";
import type { TimeFormatter } from "#format/time-formatter.ts";
import { isUtf8 } from "#format/utf8-go.ts";

const encoder = new TextEncoder();
/** Grows to the longest node seen; reused, so that each node costs one allocation of its exact size. */
let scratch = new Uint8Array(4096);

/** Pairs of hex digits as character codes. */
const HEX_HIGH = new Uint8Array(256);
const HEX_LOW = new Uint8Array(256);
for (let i = 0; i < 256; i++) {
  HEX_HIGH[i] = "0123456789abcdef".charCodeAt(i >> 4);
  HEX_LOW[i] = "0123456789abcdef".charCodeAt(i & 15);
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const ID_BYTES = 32;
/** Two quotes, 64 digits and a comma. */
const ID_TEXT = 67;

/**
 * A node's bytes, newly allocated.
 * @param content data-blob ids, 32 bytes each, joined; null for everything but files
 * @param subtree 32-byte id of the folder's tree; undefined for everything but folders
 * @param size bytes really read, if they differ from what `meta` says
 */
export function encodeNode(
  meta: NodeMeta,
  name: Uint8Array,
  content: Uint8Array | null,
  subtree: Uint8Array | undefined,
  formatTime: TimeFormatter,
  size = meta.size,
  error = "",
): Uint8Array {
  const head = nodeHead(meta, name, formatTime, size);
  const ids = content === null ? 0 : content.length / ID_BYTES;
  const tail = error === "" ? "" : `,"error":${quoteJson(error)}`;
  let at = writeText(head, ids * ID_TEXT + 96 + tail.length * 3);
  if (content === null) at = writeAscii("null", at);
  else {
    scratch[at++] = 0x5b;
    for (let i = 0; i < ids; i++) {
      if (i > 0) scratch[at++] = COMMA;
      at = writeId(content, i * ID_BYTES, at);
    }
    scratch[at++] = 0x5d;
  }
  if (subtree !== undefined) {
    at = writeAscii(',"subtree":', at);
    at = writeId(subtree, 0, at);
  }
  if (tail !== "") at += encoder.encodeInto(tail, scratch.subarray(at)).written;
  scratch[at++] = 0x7d;
  return scratch.slice(0, at);
}

/**
 * A folder's node up to and including `"subtree":"`, for a folder whose tree is not finished yet.
 * {@link completeFolder} makes the node of it.
 */
export function encodeFolderHead(
  meta: NodeMeta,
  name: Uint8Array,
  formatTime: TimeFormatter,
): Uint8Array {
  return utf8(`${nodeHead(meta, name, formatTime, 0)}null,"subtree":"`);
}

/** The folder's node, newly allocated. @param subtree 32-byte id of its tree */
export function completeFolder(head: Uint8Array, subtree: Uint8Array): Uint8Array {
  const out = new Uint8Array(head.length + 2 * ID_BYTES + 2);
  out.set(head);
  let at = head.length;
  for (let i = 0; i < ID_BYTES; i++) {
    out[at++] = HEX_HIGH[subtree[i]!]!;
    out[at++] = HEX_LOW[subtree[i]!]!;
  }
  out[at++] = QUOTE;
  out[at] = 0x7d;
  return out;
}

const TREE_HEAD = utf8('{"nodes":[');
const TREE_TAIL = utf8("]}\n");

/** A tree of encoded nodes, newly allocated. The nodes are in ascending byte order of their names. */
export function encodeTree(nodes: readonly Uint8Array[]): Uint8Array {
  let length = TREE_HEAD.length + TREE_TAIL.length + Math.max(0, nodes.length - 1);
  for (const node of nodes) length += node.length;
  const out = new Uint8Array(length);
  out.set(TREE_HEAD);
  let at = TREE_HEAD.length;
  for (let i = 0; i < nodes.length; i++) {
    if (i > 0) out[at++] = COMMA;
    out.set(nodes[i]!, at);
    at += nodes[i]!.length;
  }
  out.set(TREE_TAIL, at);
  return out;
}

/** Everything up to and including `"content":`. */
function nodeHead(
  meta: NodeMeta,
  name: Uint8Array,
  formatTime: TimeFormatter,
  size: number,
): string {
  const { type, mode, mtime, atime, ctime } = meta;
  const modified = formatTime(mtime);
  const accessed = atime === mtime ? modified : formatTime(atime);
  const changed = ctime === mtime ? modified : formatTime(ctime);
  let text =
    `{"name":${nameToJson(name)},"type":"${type}"${mode === 0 ? "" : `,"mode":${mode}`}` +
    `,"mtime":"${modified}","atime":"${accessed}","ctime":"${changed}"${ownerText(meta)}`;
  if (meta.inode !== 0n) text += `,"inode":${meta.inode}`;
  if (meta.deviceId !== 0n) text += `,"device_id":${meta.deviceId}`;
  if (type === "file" && size !== 0) text += `,"size":${size}`;
  if (meta.links !== 0n && STORES_LINKS[type]) text += `,"links":${meta.links}`;
  if (type === "symlink" && meta.linkTarget !== undefined) text += targetText(meta.linkTarget);
  if (meta.xattrs.length > 0) {
    text += `,"extended_attributes":[${meta.xattrs.map(attributeText).join(",")}]`;
  }
  if (meta.genericAttributes !== undefined) {
    text += `,"generic_attributes":${meta.genericAttributes}`;
  }
  if (meta.device !== 0n && (type === "dev" || type === "chardev")) {
    text += `,"device":${meta.device}`;
  }
  return `${text},"content":`;
}

/** Types whose hard-link count restic stores. */
const STORES_LINKS: Readonly<Partial<Record<NodeType, true>>> = {
  file: true,
  symlink: true,
  dev: true,
  chardev: true,
};

/** The owner of the last node: almost always that of the next one too. */
let lastOwner: { uid: number; gid: number; user: string; group: string; text: string } | undefined;

function ownerText({ uid, gid, user, group }: NodeMeta): string {
  const last = lastOwner;
  if (last?.uid === uid && last.gid === gid && last.user === user && last.group === group) {
    return last.text;
  }
  let text = `,"uid":${uid},"gid":${gid}`;
  if (user !== "") text += `,"user":${quoteJson(user)}`;
  if (group !== "") text += `,"group":${quoteJson(group)}`;
  lastOwner = { uid, gid, user, group, text };
  return text;
}

function targetText(target: Uint8Array): string {
  const text = target.length === 0 ? "" : `,"linktarget":${quoteJsonBytes(target)}`;
  return isUtf8(target) ? text : `${text},"linktarget_raw":"${toBase64(target)}"`;
}

function attributeText({ name, value }: ExtendedAttribute): string {
  return `{"name":${quoteJsonBytes(name)},"value":"${toBase64(value)}"}`;
}

/** Puts a text at the start of the scratch buffer, with room for `extra` bytes after it. */
function writeText(text: string, extra: number): number {
  // A UTF-16 unit takes at most three bytes in UTF-8.
  const need = text.length * 3 + extra;
  if (scratch.length < need) scratch = new Uint8Array(Math.max(need, scratch.length * 2));
  return encoder.encodeInto(text, scratch).written;
}

function writeAscii(text: string, from: number): number {
  for (let i = 0; i < text.length; i++) scratch[from + i] = text.charCodeAt(i);
  return from + text.length;
}

/** A quoted id. */
function writeId(ids: Uint8Array, start: number, from: number): number {
  let at = from;
  scratch[at++] = QUOTE;
  for (let i = start; i < start + ID_BYTES; i++) {
    const byte = ids[i]!;
    scratch[at++] = HEX_HIGH[byte]!;
    scratch[at++] = HEX_LOW[byte]!;
  }
  scratch[at++] = QUOTE;
  return at;
}
