/** Resolving the escapes of a JSON string whose syntax was checked before. */

const SIMPLE: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Text of a JSON string's inside. A surrogate escape without its partner becomes U+FFFD, as in Go.
 */
export function unescapeJson(inside: string): string {
  const text = inside.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex?: string, char?: string) =>
    hex === undefined ? SIMPLE[char!]! : String.fromCharCode(parseInt(hex, 16)),
  );
  return text.toWellFormed();
}
