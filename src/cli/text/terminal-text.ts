/**
 * The one way in which a name from a repository or a file system reaches a terminal. A name is
 * shown as it is if every character is printable; else it is quoted, so that no control byte,
 * direction mark or broken UTF-8 can forge output. Same rule and look as restic's (Go's %q).
 */

/** Letters, marks, numbers, punctuation, symbols and the plain space; all else is escaped. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\uFFFD/u;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A safe, single-line text for any name, path or message. Bytes need not be UTF-8. */
export function terminalText(value: string | Uint8Array): string {
  if (typeof value !== "string") {
    const text = decodeStrict(value);
    if (text === undefined) return `"${escapeBytes(value)}"`;
    return terminalText(text);
  }
  if (value.isWellFormed() && !UNPRINTABLE.test(value)) return value;
  return `"${escapeText(value)}"`;
}

/** Like {@link terminalText} for messages of several lines: each line is made safe by itself. */
export function terminalLines(message: string): string {
  return message
    .split("\n")
    .map((line) => (UNPRINTABLE.test(line) ? escapeText(line) : line))
    .join("\n");
}

function decodeStrict(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  if (!UNPRINTABLE.test(character)) return character;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}

function escapeText(text: string): string {
  let out = "";
  for (const character of text) out += escapeCharacter(character);
  return out;
}

/** Valid stretches as text, every other byte as \xNN. */
function escapeBytes(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at]!);
    const character = decodeStrict(bytes.subarray(at, at + length));
    if (character !== undefined && Array.from(character).length === 1) {
      out += escapeCharacter(character);
      at += length;
    } else {
      out += `\\x${bytes[at]!.toString(16).padStart(2, "0")}`;
      at++;
    }
  }
  return out;
}

function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
