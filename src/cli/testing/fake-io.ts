/** A command line without a process, for tests: input is given, output is kept. */
import { fromUtf8 } from "#base/bytes.ts";
import type { Clock } from "#base/clock.ts";
import { CofferError } from "#base/errors.ts";
import type { CliIo, OutputSink } from "#cli/cli-io.ts";

export interface FakeIoOptions {
  readonly clock: Clock;
  readonly env?: Readonly<Record<string, string>>;
  /** Local files by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly terminal?: boolean;
  readonly columns?: number;
  /** Answers to prompts, in order. */
  readonly secrets?: readonly string[];
  /** What standard input holds. */
  readonly input?: string;
  /** What programs print, by their words joined with blanks. */
  readonly programs?: Readonly<Record<string, string>>;
}

export interface FakeIo extends CliIo {
  /** All text so far. */
  out(): string;
  err(): string;
  readonly written: Map<string, string>;
  readonly prompts: string[];
  /** Runs the callbacks of `every` once. */
  tick(): void;
  interrupt(): void;
}

const encoder = new TextEncoder();

function sink(parts: string[], isTerminal: boolean, columns: number | undefined): OutputSink {
  return {
    isTerminal,
    columns: () => columns,
    write: (data) => parts.push(typeof data === "string" ? data : fromUtf8(data)),
  };
}

export function createFakeIo(options: FakeIoOptions): FakeIo {
  const { files = {}, terminal = false, programs = {} } = options;
  const outParts: string[] = [];
  const errParts: string[] = [];
  const secrets = [...(options.secrets ?? [])];
  const timers = new Set<() => void>();
  const written = new Map<string, string>();
  const prompts: string[] = [];
  const controller = new AbortController();
  const columns = terminal ? (options.columns ?? 80) : undefined;
  const bytesOf = (data: string | Uint8Array) =>
    typeof data === "string" ? encoder.encode(data) : data;
  const textOf = (path: Uint8Array) => new TextDecoder().decode(path);
  return {
    stdout: sink(outParts, terminal, columns),
    stderr: sink(errParts, terminal, columns),
    stdin: {
      isTerminal: terminal,
      readAll: () => Promise.resolve(encoder.encode(options.input ?? "")),
      async *chunks() {
        yield await Promise.resolve(encoder.encode(options.input ?? ""));
      },
      readSecret(prompt) {
        prompts.push(prompt);
        const secret = secrets.shift();
        return secret === undefined
          ? Promise.reject(new CofferError("NO_PASSWORD", "unable to read password: end of input"))
          : Promise.resolve(secret);
      },
    },
    files: {
      read(path) {
        const data = files[path];
        return data === undefined
          ? Promise.reject(new CofferError("BAD_OPTION", `${path} does not exist`))
          : Promise.resolve(bytesOf(data));
      },
      write(path, data) {
        written.set(path, typeof data === "string" ? data : fromUtf8(data));
        return Promise.resolve();
      },
      makeFolder: () => Promise.resolve(),
      list(folder) {
        const prefix = textOf(folder) === "." ? "" : `${textOf(folder).replace(/\/$/, "")}/`;
        const names = Object.keys(files)
          .filter((path) => path.startsWith(prefix))
          .map((path) => path.slice(prefix.length).split("/", 1)[0]!);
        return Promise.resolve([...new Set(names)].map((name) => encoder.encode(name)));
      },
      exists(path) {
        const name = textOf(path);
        const found = Object.keys(files).some(
          (file) => file === name || file.startsWith(`${name}/`),
        );
        return Promise.resolve(found ? "yes" : "no");
      },
    },
    host: {
      hostname: "h",
      username: "root",
      uid: 0,
      gid: 0,
      workingFolder: "/work",
      homeFolder: "/root",
      platform: "linux",
      architecture: "x64",
      nodeVersion: "v26.10.0",
    },
    rawArguments: () => [],
    env: options.env ?? {},
    clock: options.clock,
    signal: controller.signal,
    runProgram(argv) {
      const printed = programs[argv.join(" ")];
      return printed === undefined
        ? Promise.reject(new CofferError("BAD_OPTION", `the program ${argv[0]} cannot be run`))
        : Promise.resolve(encoder.encode(printed));
    },
    async *streamProgram(argv) {
      yield await Promise.resolve(encoder.encode(programs[argv.join(" ")] ?? ""));
    },
    every(_ms, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    onProgressRequest: () => () => undefined,
    out: () => outParts.join(""),
    err: () => errParts.join(""),
    written,
    prompts,
    tick: () => timers.forEach((callback) => callback()),
    interrupt: () => controller.abort(new Error("received SIGINT")),
  };
}
