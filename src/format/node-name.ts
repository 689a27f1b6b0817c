/**
 * Names in trees: raw bytes, quoted as Go's `strconv.Quote` does, then written as a JSON string
 * (docs/format.md, section 9). Names need not be UTF-8; quoting loses nothing.
 */
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { quoteJson } from "#format/go-json.ts";
import { unescapeJson } from "#format/json-unescape.ts";
import { isPrintable } from "#format/printable.ts";
import { codePointAt, decodeUtf8, sequenceLength } from "#format/utf8-go.ts";

/** 1 for the bytes that neither quoting nor JSON changes. */
const PLAIN = new Uint8Array(256);
PLAIN.fill(1, 0x20, 0x7f);
for (const char of '"\\<>&') PLAIN[char.charCodeAt(0)] = 0;

const SIMPLE: Readonly<Record<number, string>> = {
  0x07: "\\a",
  0x08: "\\b",
  0x09: "\\t",
  0x0a: "\\n",
  0x0b: "\\v",
  0x0c: "\\f",
  0x0d: "\\r",
  0x22: '\\"',
  0x5c: "\\\\",
};

/** True when the raw name stands in a tree as it is: nearly all names. */
export function isPlainName(raw: Uint8Array): boolean {
  for (let i = 0; i < raw.length; i++) if (PLAIN[raw[i]!] === 0) return false;
  return true;
}

/** The JSON string of a name, with its quotes. */
export function nameToJson(raw: Uint8Array): string {
  return isPlainName(raw) ? `"${decodeUtf8(raw)}"` : quoteJson(quoteName(raw));
}

/** Go's `strconv.Quote` of the bytes, without the quotes. */
export function quoteName(raw: Uint8Array): string {
  let out = "";
  for (let i = 0; i < raw.length;) {
    const length = sequenceLength(raw, i);
    if (length === 0) {
      out += `\\x${hex(raw[i]!, 2)}`;
      i++;
      continue;
    }
    const code = codePointAt(raw, i, length);
    i += length;
    const simple = SIMPLE[code];
    if (simple !== undefined) out += simple;
    else if (isPrintable(code)) out += String.fromCodePoint(code);
    else if (code < 0x20 || code === 0x7f) out += `\\x${hex(code, 2)}`;
    else out += code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  }
  return out;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/**
 * The raw name from the inside of a JSON string in `bytes[start, end)`, newly allocated.
 * @throws BAD_TREE
 */
export function nameFromJson(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let i = start;
  while (i < end && PLAIN[bytes[i]!] === 1) i++;
  if (i === end) return bytes.slice(start, end);
  return unquoteName(unescapeJson(decodeUtf8(bytes, start, end)));
}

const ESCAPE =
  /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
const BYTE_OF: Readonly<Record<string, number>> = {
  a: 0x07,
  b: 0x08,
  t: 0x09,
  n: 0x0a,
  v: 0x0b,
  f: 0x0c,
  r: 0x0d,
  '"': 0x22,
  "\\": 0x5c,
};

/**
 * What Go's `strconv.Unquote` makes of the text between double quotes, newly allocated.
 * @throws BAD_TREE for an escape that Go refuses, a bare double quote or line feed
 */
export function unquoteName(text: string): Uint8Array {
  if (/["\n]/.test(text) && /(?<!\\)(?:\\\\)*["\n]/.test(text)) refuse();
  if (!text.includes("\\")) return utf8(text);
  const out: number[] = [];
  for (let i = 0; i < text.length;) {
    let stop = text.indexOf("\\", i);
    if (stop < 0) stop = text.length;
    if (stop > i) for (const byte of utf8(text.slice(i, stop))) out.push(byte);
    i = stop;
    if (i === text.length) break;
    ESCAPE.lastIndex = i;
    const m = ESCAPE.exec(text) ?? refuse();
    i = ESCAPE.lastIndex;
    pushEscape(m, out);
  }
  return Uint8Array.from(out);
}

function pushEscape(m: RegExpExecArray, out: number[]): void {
  if (m[1] !== undefined) out.push(BYTE_OF[m[1]]!);
  else if (m[2] !== undefined) out.push(parseInt(m[2], 16));
  else if (m[3] !== undefined) {
    const value = parseInt(m[3], 8);
    if (value > 0xff) refuse();
    out.push(value);
  } else {
    const code = parseInt((m[4] ?? m[5])!, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) refuse();
    out.push(...utf8(String.fromCodePoint(code)));
  }
}

function refuse(): never {
  throw new CofferError("BAD_TREE", "A name in the folder list is not quoted as it should be");
}
