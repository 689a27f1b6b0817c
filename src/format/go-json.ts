/**
 * Strings as Go's JSON encoder writes them with HTML escaping: the one difference to
 * `JSON.stringify` that changes tree ids (docs/format.md, section 9).
 */

import { codePointAt, decodeUtf8, isUtf8, sequenceLength } from "#format/utf8-go.ts";

const HTML = /[<>&\u2028\u2029]/;
const HTML_ALL = /[<>&\u2028\u2029]/g;

/** JSON text of a string, with quotes. Lone surrogates become U+FFFD, as Go has none. */
export function quoteJson(text: string): string {
  const quoted = JSON.stringify(text.toWellFormed());
  return HTML.test(quoted) ? quoted.replace(HTML_ALL, escapeHtml) : quoted;
}

/**
 * JSON text of a Go string, which is any bytes: an invalid byte is written as the escape `\ufffd`,
 * while a valid U+FFFD stays literal.
 */
export function quoteJsonBytes(raw: Uint8Array): string {
  if (isUtf8(raw)) return quoteJson(decodeUtf8(raw));
  let out = "";
  for (let i = 0; i < raw.length;) {
    const length = sequenceLength(raw, i);
    if (length === 0) out += "\\ufffd";
    else out += quoteJson(String.fromCodePoint(codePointAt(raw, i, length))).slice(1, -1);
    i += length || 1;
  }
  return `"${out}"`;
}

/** JSON text of a list of strings. */
export function quoteJsonList(texts: readonly string[]): string {
  return `[${texts.map(quoteJson).join(",")}]`;
}

function escapeHtml(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
