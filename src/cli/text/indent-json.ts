/**
 * Lays JSON text out over lines without decoding it: numbers beyond 2^53 and spelling stay exact.
 */

/** Two spaces a level, as restic's `cat`. The text must be valid JSON. */
export function indentJson(text: string): string {
  let out = "";
  let depth = 0;
  const line = (): string => `\n${"  ".repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  tokens.forEach((token, i) => {
    switch (token) {
      case "{":
      case "[":
        depth++;
        out += isClose(tokens[i + 1]) ? token : token + line();
        break;
      case "}":
      case "]":
        depth--;
        out += isOpen(tokens[i - 1]) ? token : line() + token;
        break;
      case ",":
        out += `,${line()}`;
        break;
      case ":":
        out += ": ";
        break;
      default:
        out += token;
    }
  });
  return out;
}

function isClose(token: string | undefined): boolean {
  return token === "}" || token === "]";
}

function isOpen(token: string | undefined): boolean {
  return token === "{" || token === "[";
}
