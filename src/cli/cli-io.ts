/**
 * Everything a command touches of its process. Passed in, so that commands run in tests without
 * one; `node-io.ts` makes the real one.
 */
import type { Clock } from "#base/clock.ts";

/** Where text and bytes go. Writes keep their order, also between stdout and stderr. */
export interface OutputSink {
  /** True when a person watches: escape sequences and progress lines make sense. */
  readonly isTerminal: boolean;
  /**
   * Width in cells; undefined when it is no terminal. Asked anew for each line, as it may change.
   */
  columns(): number | undefined;
  write(data: string | Uint8Array): void;
}

export interface InputSource {
  readonly isTerminal: boolean;
  /** The rest of the input, at most `limit` bytes. @throws TOO_LARGE beyond that */
  readAll(limit: number): Promise<Uint8Array>;
  /** Bytes as they come; for `backup --stdin`. */
  chunks(): AsyncIterable<Uint8Array>;
  /**
   * One line typed without echo, without its line end. Restores the terminal in every case.
   * @throws ABORTED on ^C or when the signal fires; NO_PASSWORD at the end of input
   */
  readSecret(prompt: string, signal: AbortSignal): Promise<string>;
}

/** The few things that commands do with local files; repository data goes through the engine. */
export interface LocalFiles {
  /**
   * A whole file, at most `limit` bytes. @throws BAD_OPTION naming the file when it cannot be read
   */
  read(path: string, limit: number): Promise<Uint8Array>;
  /** Writes or replaces a file. @throws TARGET_FAILED */
  write(path: string, data: string | Uint8Array): Promise<void>;
  /** Creates a folder and its parents. @throws TARGET_FAILED */
  makeFolder(path: string): Promise<void>;
  /** Raw names in a folder, in any order; undefined when it cannot be listed. */
  list(path: Uint8Array): Promise<Uint8Array[] | undefined>;
  /** Links are not followed; `denied` when it cannot be told. */
  exists(path: Uint8Array): Promise<"yes" | "no" | "denied">;
}

export interface HostFacts {
  readonly hostname: string;
  readonly username: string;
  /** 0 where there are no numeric ids. */
  readonly uid: number;
  readonly gid: number;
  readonly workingFolder: string;
  readonly homeFolder: string;
  /** As Node names it: linux, darwin, win32, … */
  readonly platform: string;
  readonly architecture: string;
  readonly nodeVersion: string;
}

export interface CliIo {
  readonly stdout: OutputSink;
  readonly stderr: OutputSink;
  readonly stdin: InputSource;
  readonly files: LocalFiles;
  readonly host: HostFacts;
  /**
   * The command line's words as raw bytes, where the system tells; text loses bytes that are not
   * UTF-8.
   */
  rawArguments(): readonly Uint8Array[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Fires on the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /**
   * Runs a program without a shell and collects what it prints; its stderr is passed through.
   * @throws BAD_OPTION when it cannot start or fails
   */
  runProgram(argv: readonly string[], limit: number): Promise<Uint8Array>;
  /**
   * Runs a program without a shell and yields what it prints; its stderr is passed through. Ends
   * only after the program ended well. @throws SOURCE_COMMAND_FAILED, ABORTED
   */
  streamProgram(argv: readonly string[]): AsyncIterable<Uint8Array>;
  /** Calls back about every `ms` until the returned function is called. */
  every(ms: number, callback: () => void): () => void;
  /** Calls back when the person asks for progress (SIGUSR1); returns the removal. */
  onProgressRequest(callback: () => void): () => void;
}
