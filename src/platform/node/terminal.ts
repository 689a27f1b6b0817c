/** What the terminal can show, decided once from the stream and the environment. */

/** The part of a Node stream that is looked at. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface TerminalFacts {
  readonly isTerminal: boolean;
  /** Character cells in a line; 80 when unknown. */
  readonly columns: number;
  /** Colours and cursor movement may be used. */
  readonly colors: boolean;
  /** Characters beyond ASCII may be used. */
  readonly unicode: boolean;
}

const DEFAULT_COLUMNS = 80;

/**
 * `NO_COLOR` (no-color.org) and `TERM=dumb` turn colours off; `LC_ALL`, `LC_CTYPE`, `LANG` say
 * whether the terminal takes UTF-8, in POSIX's order.
 */
export function terminalFacts(
  stream: TerminalStream,
  environment: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): TerminalFacts {
  const isTerminal = stream.isTTY === true;
  const columns = stream.columns;
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  return {
    isTerminal,
    columns: columns !== undefined && columns > 0 ? columns : DEFAULT_COLUMNS,
    colors: isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb",
    unicode: platform === "win32" || platform === "darwin" || /utf-?8/i.test(locale),
  };
}
