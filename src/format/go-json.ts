/**
 * Strings as Go's JSON encoder writes them with HTML escaping: the one difference to
 * `JSON.stringify` that changes tree ids (docs/format.md, section 9).
 */

const HTML = /[<>&\u2028\u2029]/;
const HTML_ALL = /[<>&\u2028\u2029]/g;

/** JSON text of a string, with quotes. Lone surrogates become U+FFFD, as Go has none. */
export function quoteJson(text: string): string {
  const quoted = JSON.stringify(text.toWellFormed());
  return HTML.test(quoted) ? quoted.replace(HTML_ALL, escapeHtml) : quoted;
}

/** JSON text of a list of strings. */
export function quoteJsonList(texts: readonly string[]): string {
  return `[${texts.map(quoteJson).join(",")}]`;
}

function escapeHtml(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
