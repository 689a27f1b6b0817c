/**
 * One path component against one pattern, as Go's `filepath.Match` on Unix: `*`, `?`, `[a-z]`,
 * `[^a]`, `\` escapes. Common shapes (a literal, `*.go`, `cache*`) are recognised once and tested
 * directly.
 */
import { CofferError } from "#base/errors.ts";

interface Range {
  readonly low: number;
  readonly high: number;
}

type Token =
  | { readonly kind: "char"; readonly code: number }
  | { readonly kind: "one" }
  | { readonly kind: "many" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly Range[] };

/** A compiled component pattern. */
export class Glob {
  readonly #shape: "literal" | "prefix" | "suffix" | "tokens";
  /** The fixed text of the three simple shapes. */
  readonly #text: string;
  readonly #tokens: readonly Token[];

  /** @throws BAD_PATTERN when Go would call the pattern malformed */
  constructor(pattern: string) {
    this.#tokens = parse(pattern);
    const stars = this.#tokens.filter((token) => token.kind === "many").length;
    const chars = this.#tokens.filter((token) => token.kind === "char");
    this.#text = String.fromCodePoint(...chars.map((token) => token.code));
    const simple = chars.length + stars === this.#tokens.length;
    if (simple && stars === 0) this.#shape = "literal";
    else if (simple && stars === 1 && this.#tokens[0]!.kind === "many") this.#shape = "suffix";
    else if (simple && stars === 1 && this.#tokens.at(-1)!.kind === "many") this.#shape = "prefix";
    else this.#shape = "tokens";
  }

  /** The text that alone matches, if the pattern has no wildcard. */
  get literal(): string | undefined {
    return this.#shape === "literal" ? this.#text : undefined;
  }

  /** Whether a whole component matches. Time is bounded by pattern length times name length. */
  matches(name: string): boolean {
    switch (this.#shape) {
      case "literal":
        return name === this.#text;
      case "suffix":
        return name.endsWith(this.#text);
      case "prefix":
        return name.startsWith(this.#text);
      case "tokens":
        return matchTokens(this.#tokens, name);
    }
  }
}

function matchTokens(tokens: readonly Token[], name: string): boolean {
  let t = 0;
  let n = 0;
  // Where to go on when the last `*` must swallow one more character.
  let retryToken = -1;
  let retryName = 0;
  while (n < name.length || t < tokens.length) {
    const token = tokens[t];
    if (token?.kind === "many") {
      retryToken = t++;
      retryName = n;
      continue;
    }
    if (token !== undefined && n < name.length) {
      const code = name.codePointAt(n)!;
      if (matchesOne(token, code)) {
        t++;
        n += code > 0xffff ? 2 : 1;
        continue;
      }
    }
    if (retryToken < 0 || retryName >= name.length) return false;
    retryName += name.codePointAt(retryName)! > 0xffff ? 2 : 1;
    n = retryName;
    t = retryToken + 1;
  }
  return true;
}

function matchesOne(token: Token, code: number): boolean {
  if (token.kind === "char") return token.code === code;
  if (token.kind !== "class") return true;
  for (const { low, high } of token.ranges) {
    if (code >= low && code <= high) return !token.negated;
  }
  return token.negated;
}

function parse(pattern: string): Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length;) {
    const char = chars[i]!;
    if (char === "*") {
      if (tokens.at(-1)?.kind !== "many") tokens.push({ kind: "many" });
      i++;
    } else if (char === "?") {
      tokens.push({ kind: "one" });
      i++;
    } else if (char === "[") {
      i = parseClass(pattern, chars, i + 1, tokens);
    } else {
      if (char === "\\") i++;
      if (i === chars.length) refuse(pattern, "it ends in a backslash");
      tokens.push({ kind: "char", code: chars[i]!.codePointAt(0)! });
      i++;
    }
  }
  return tokens;
}

function parseClass(
  pattern: string,
  chars: readonly string[],
  from: number,
  tokens: Token[],
): number {
  let i = from;
  const negated = chars[i] === "^";
  if (negated) i++;
  const ranges: Range[] = [];
  const bound = (): number => {
    if (chars[i] === "-" || chars[i] === "]") refuse(pattern, `"${chars[i]}" begins a range`);
    if (chars[i] === "\\") i++;
    const char = chars[i++] ?? refuse(pattern, "a bracket is not closed");
    if (i >= chars.length) refuse(pattern, "a bracket is not closed");
    return char.codePointAt(0)!;
  };
  while (chars[i] !== "]" || ranges.length === 0) {
    const low = bound();
    let high = low;
    if (chars[i] === "-") {
      i++;
      high = bound();
    }
    ranges.push({ low, high });
  }
  tokens.push({ kind: "class", negated, ranges });
  return i + 1;
}

function refuse(pattern: string, reason: string): never {
  throw new CofferError("BAD_PATTERN", `The pattern "${pattern}" is malformed: ${reason}`);
}
