/**
 * What a command prints, by level: errors always, results always, messages by `-q`/`-v`. With
 * --json messages are silent and results are JSON lines. Every other writer goes through here, so
 * that lines and the progress line do not mix.
 */
import type { CliIo } from "#cli/cli-io.ts";
import type { Settings } from "#cli/settings.ts";
import { jsonText, type JsonValue } from "#cli/text/json-text.ts";

export interface Printer {
  /** 0 errors only, 1 default, 2 with -v, 3 with -vv. Not lowered by --json. */
  readonly verbosity: number;
  readonly json: boolean;
  /** A line of the result: always. */
  result(line: string): void;
  /** Text as it is, line breaks included: tables, documents, bytes of an object. */
  raw(data: string | Uint8Array): void;
  /** A message; shown unless -q or --json. */
  message(line: string): void;
  /** Shown with -v. */
  detail(line: string): void;
  /** Shown with -vv. */
  trace(line: string): void;
  /** Shown on a terminal only, unless -q or --json. */
  terminalMessage(line: string): void;
  /** To stderr, always. */
  error(line: string): void;
  /** One JSON line to stdout. */
  jsonLine(value: JsonValue): void;
  /** One JSON line to stderr. */
  jsonError(value: JsonValue): void;
  /** Shown below everything else on a terminal, replaced by the next; empty removes it. */
  status(lines: readonly string[]): void;
}

const CLEAR_LINE = "\r\u001B[2K";
const UP = "\u001B[1A";

/** One per command. `status` remembers how many lines it drew. */
export function createPrinter(io: CliIo, settings: Pick<Settings, "json" | "verbosity">): Printer {
  const { json, verbosity } = settings;
  const level = json ? 0 : verbosity;
  const live = io.stdout.isTerminal && !json;
  let drawn: readonly string[] = [];

  const erase = (): void => {
    if (drawn.length === 0) return;
    io.stdout.write(CLEAR_LINE + (UP + CLEAR_LINE).repeat(drawn.length - 1));
  };
  const draw = (): void => {
    if (drawn.length > 0) io.stdout.write(drawn.join("\n"));
  };
  const around = (write: () => void): void => {
    erase();
    write();
    draw();
  };
  const out = (text: string | Uint8Array): void => around(() => io.stdout.write(text));
  const err = (text: string): void => around(() => io.stderr.write(text));
  return {
    verbosity,
    json,
    result: (line) => out(`${line}\n`),
    raw: out,
    message: (line) => level >= 1 && out(`${line}\n`),
    detail: (line) => level >= 2 && out(`${line}\n`),
    trace: (line) => level >= 3 && out(`${line}\n`),
    terminalMessage: (line) => level >= 1 && io.stdout.isTerminal && out(`${line}\n`),
    error: (line) => err(`${line}\n`),
    jsonLine: (value) => out(`${jsonText(value)}\n`),
    jsonError: (value) => err(`${jsonText(value)}\n`),
    status(lines) {
      if (!live || (drawn.length === 0 && lines.length === 0)) return;
      erase();
      drawn = [...lines];
      draw();
    },
  };
}
