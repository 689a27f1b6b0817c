/**
 * Files with one pattern per line, as `--exclude-file` reads them: white space trimmed, `#`
 * comments, environment variables expanded, UTF-8 or UTF-16 with a byte-order mark.
 */
import { pathToText } from "#filter/path-text.ts";

/** Value of an environment variable, or undefined. */
export type Environment = (name: string) => string | undefined;

/** The patterns of a file. Bytes that are not UTF-8 match the same bytes in names. */
export function parsePatternFile(bytes: Uint8Array, environment: Environment): string[] {
  const patterns: string[] = [];
  for (const line of decodeText(bytes).split("\n")) {
    const text = line.trim();
    if (text === "" || text.startsWith("#")) continue;
    patterns.push(expandVariables(text, environment));
  }
  return patterns;
}

function decodeText(bytes: Uint8Array): string {
  const [a, b, c] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  const mark = a === 0xef && b === 0xbb && c === 0xbf;
  return pathToText(mark ? bytes.subarray(3) : bytes);
}

/**
 * `$NAME` or `${NAME}`, or a dollar with a digit or one of the shell's special characters, by the
 * rules of Go's `os.Expand`. The last alternatives are a brace that is empty or never closed.
 */
const VARIABLE = /\$(?:\{([^}]+)\}|([A-Za-z_][A-Za-z0-9_]*)|([*#$@!?\-0-9])|(\{\}?))/g;

/** Replaces variables by their values; unknown ones vanish, `$$` is a dollar. */
export function expandVariables(text: string, environment: Environment): string {
  return text.replace(VARIABLE, (_, braced?: string, plain?: string, special?: string): string => {
    const name = braced ?? plain ?? special;
    if (name === undefined) return "";
    return name === "$" ? "$" : (environment(name) ?? "");
  });
}
