/** Runs the real programs, Coffer and official restic, each in an environment of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "#testkit/node/deep-tree.ts";

export interface ProgramResult {
  /** Exit code; 128 + number for a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where Coffer's start script lies. */
export const COFFER = join(import.meta.dirname, "..", "bin", "coffer");

/** Restic refuses an empty password; both programs get the same. */
export const PASSWORD = "interop";

/** A folder for one test, with caches of its own, so that nothing on the machine plays a part. */
export class Workspace {
  readonly root = mkdtempSync(join(tmpdir(), "coffer-test-"));

  path(name: string): string {
    return join(this.root, name);
  }

  environment(extra: ProgramOptions["env"] = {}): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: this.root,
      TZ: "UTC",
      LC_ALL: "C.UTF-8",
      // The Node that runs the tests.
      COFFER_NODE: process.execPath,
      COFFER_CACHE_DIR: this.path("cache-coffer"),
      RESTIC_CACHE_DIR: this.path("cache-restic"),
      RESTIC_PASSWORD: PASSWORD,
      COFFER_PASSWORD: PASSWORD,
      ...extra,
    };
  }

  /** Starts a program without waiting. */
  start(program: string, args: readonly string[], options: ProgramOptions = {}): ChildProcess {
    return spawn(program, args, {
      cwd: options.cwd ?? this.root,
      env: this.environment(options.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async run(
    program: string,
    args: readonly string[],
    options: ProgramOptions = {},
  ): Promise<ProgramResult> {
    return collect(this.start(program, args, options));
  }

  /** Runs Coffer. @throws Error with its output for an exit code other than the expected one */
  async coffer(args: readonly string[], options: ProgramOptions & { exit?: number } = {}) {
    return this.#expect(COFFER, args, options);
  }

  /** Runs restic. @throws as {@link coffer} */
  async restic(args: readonly string[], options: ProgramOptions & { exit?: number } = {}) {
    return this.#expect("restic", args, options);
  }

  async #expect(
    program: string,
    args: readonly string[],
    { exit = 0, ...options }: ProgramOptions & { exit?: number },
  ): Promise<ProgramResult> {
    const result = await this.run(program, args, options);
    if (result.status === exit) return result;
    const output = `${tail(result.stdout)}\n${tail(result.stderr)}`;
    throw new Error(`${program} ${args.join(" ")} ended with ${result.status}: ${output}`);
  }

  remove(): void {
    removeTree(this.root);
  }
}

/** Waits for a program and takes all it prints. */
export function collect(child: ChildProcess): Promise<ProgramResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (part: Buffer) => stdout.push(part));
  child.stderr?.on("data", (part: Buffer) => stderr.push(part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const status = code ?? (signal === "SIGKILL" ? 137 : 128);
      resolve({
        status,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
}

function tail(text: string): string {
  return text.length > 3000 ? `… ${text.slice(-3000)}` : text;
}

/**
 * restic's version line. @throws Error when restic is not installed: these tests are never skipped
 */
export function requireRestic(): string {
  const { error, stdout } = spawnSync("restic", ["version"], { encoding: "utf8" });
  if (error !== undefined) throw new Error("these tests need official restic", { cause: error });
  return stdout.trim();
}

/** The last line that is a JSON object of the kind. */
export function lastMessage(output: string, kind: string): Readonly<Record<string, unknown>> {
  for (const line of output.split("\n").toReversed()) {
    if (!line.startsWith("{")) continue;
    const message = JSON.parse(line) as Record<string, unknown>;
    if (message["message_type"] === kind) return message;
  }
  throw new Error(`no ${kind} message in: ${tail(output)}`);
}
