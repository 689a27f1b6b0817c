/**
 * Nodes and trees as restic writes them, byte for byte: the id of a tree is the hash of these bytes
 * (docs/format.md, section 9). Runs once per file of a backup, so it builds one string and converts
 * it in one call.
 */
import { toBase64, utf8 } from "#base/bytes.ts";
import { quoteJson, quoteJsonBytes } from "#format/go-json.ts";
import { isPlainName, nameToJson } from "#format/node-name.ts";
import type { ExtendedAttribute, NodeMeta } from "#format/node.ts";
import type { TimeFormatter } from "#format/time-formatter.ts";
import { isUtf8 } from "#format/utf8-go.ts";

const encoder = new TextEncoder();
/**
 * Nodes are written one after the other into a page and handed out as views: one array of its own
 * for each took a third of the time. A page lives as long as one of its nodes.
 */
const PAGE_BYTES = 64 * 1024;
let page = new Uint8Array(PAGE_BYTES);
let used = 0;

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
 * A node's bytes: a view that shares its buffer with other nodes, never written again. Do not
 * transfer it to another thread; copy it.
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
  const fields = nodeFields(meta, formatTime, size);
  const ids = content === null ? 0 : content.length / ID_BYTES;
  const tail = error === "" ? "" : `,"error":${quoteJson(error)}`;
  // A UTF-16 unit takes at most three bytes in UTF-8; a byte of a name at most twelve, quoted.
  const need = 3 * (fields.length + tail.length) + 12 * name.length + ids * ID_TEXT + 128;
  if (page.length - used < need) {
    page = new Uint8Array(Math.max(PAGE_BYTES, need));
    used = 0;
  }
  const start = used;
  let at = writeName(name, start);
  at += encoder.encodeInto(fields, page.subarray(at)).written;
  if (content === null) at = writeAscii("null", at);
  else {
    page[at++] = 0x5b;
    for (let i = 0; i < ids; i++) {
      if (i > 0) page[at++] = COMMA;
      at = writeId(content, i * ID_BYTES, at);
    }
    page[at++] = 0x5d;
  }
  if (subtree !== undefined) {
    at = writeAscii(',"subtree":', at);
    at = writeId(subtree, 0, at);
  }
  if (tail !== "") at += encoder.encodeInto(tail, page.subarray(at)).written;
  page[at++] = 0x7d;
  used = at;
  return page.subarray(start, at);
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
  const fields = nodeFields(meta, formatTime, 0);
  return utf8(`{"name":${nameToJson(name)}${fields}null,"subtree":"`);
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

/**
 * A tree of encoded nodes, newly allocated. The nodes are in ascending byte order of their names.
 */
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

/**
 * Everything after the name up to and including `"content":`. Which fields a type has is up to
 * `meta`: whatever is not zero is written, so that a decoded node encodes to its own bytes.
 */
function nodeFields(meta: NodeMeta, formatTime: TimeFormatter, size: number): string {
  const { type, mode, mtime, atime, ctime } = meta;
  const modified = formatTime(mtime);
  const accessed = atime === mtime ? modified : formatTime(atime);
  const changed = ctime === mtime ? modified : formatTime(ctime);
  let text =
    `,"type":"${type}"${mode === 0 ? "" : `,"mode":${mode}`}` +
    `,"mtime":"${modified}","atime":"${accessed}","ctime":"${changed}"${ownerText(meta)}`;
  if (meta.inode !== 0n) text += `,"inode":${meta.inode}`;
  if (meta.deviceId !== 0n) text += `,"device_id":${meta.deviceId}`;
  if (size !== 0) text += `,"size":${size}`;
  if (meta.links !== 0n) text += `,"links":${meta.links}`;
  if (meta.linkTarget !== undefined) text += targetText(meta.linkTarget);
  if (meta.xattrs.length > 0) {
    text += `,"extended_attributes":[${meta.xattrs.map(attributeText).join(",")}]`;
  }
  if (meta.genericAttributes !== undefined) {
    text += `,"generic_attributes":${meta.genericAttributes}`;
  }
  if (meta.device !== 0n) text += `,"device":${meta.device}`;
  return `${text},"content":`;
}

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

/** The brace and the name at `from` of the page. */
function writeName(name: Uint8Array, from: number): number {
  let at = writeAscii('{"name":', from);
  if (!isPlainName(name))
    return at + encoder.encodeInto(nameToJson(name), page.subarray(at)).written;
  page[at++] = QUOTE;
  for (let i = 0; i < name.length; i++) page[at++] = name[i]!;
  page[at++] = QUOTE;
  return at;
}

function writeAscii(text: string, from: number): number {
  for (let i = 0; i < text.length; i++) page[from + i] = text.charCodeAt(i);
  return from + text.length;
}

/** A quoted id. */
function writeId(ids: Uint8Array, start: number, from: number): number {
  let at = from;
  page[at++] = QUOTE;
  for (let i = start; i < start + ID_BYTES; i++) {
    const byte = ids[i]!;
    page[at++] = HEX_HIGH[byte]!;
    page[at++] = HEX_LOW[byte]!;
  }
  page[at++] = QUOTE;
  return at;
}
