/** Runs the command line as a person's shell does; keeps one folder for everything. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const LAUNCHER = join(import.meta.dirname, "../../bin/coffer");

export interface Finished {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What is started instead of bin/coffer. */
  readonly program?: string;
}

export class Shell {
  readonly root = mkdtempSync(join(tmpdir(), "coffer-cli-"));

  path(name: string): string {
    return join(this.root, name);
  }

  environment(extra: RunOptions["env"] = {}): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      HOME: this.root,
      TZ: "UTC",
      LC_ALL: "C.UTF-8",
      COFFER_NODE: process.execPath,
      COFFER_CACHE_DIR: this.path("cache"),
      COFFER_REPOSITORY: this.path("repo"),
      COFFER_PASSWORD: "secret",
      ...extra,
    };
  }

  run(args: readonly string[], options: RunOptions = {}): Finished {
    const { status, stdout, stderr, error } = spawnSync(options.program ?? LAUNCHER, args, {
      cwd: options.cwd ?? this.root,
      env: this.environment(options.env),
      input: options.input ?? "",
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    if (error !== undefined) throw error;
    return { exit: status, out: stdout, err: stderr };
  }

  /** Starts it and leaves it running. */
  start(args: readonly string[], env?: RunOptions["env"], input: "ignore" | "pipe" = "ignore") {
    const child = spawn(LAUNCHER, args, {
      cwd: this.root,
      env: this.environment(env),
      stdio: [input, "pipe", "pipe"],
    });
    const parts = { out: "", err: "" };
    child.stdout!.on("data", (data: Buffer) => (parts.out += data.toString()));
    child.stderr!.on("data", (data: Buffer) => (parts.err += data.toString()));
    const finished = new Promise<Finished>((resolve) => {
      child.on("close", (exit) => resolve({ exit, ...parts }));
    });
    return { child, finished };
  }

  /** Runs it at a terminal of 80 columns (util-linux `script`), typing the input. */
  atTerminal(command: string, typed: string, env?: RunOptions["env"]): Finished {
    const line = `stty cols 80 rows 24; ${command}`;
    return this.run(["-qec", line, "/dev/null"], {
      program: "script",
      input: typed,
      ...(env && { env }),
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
