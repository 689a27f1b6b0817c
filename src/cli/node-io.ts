/** The real process: streams, signals, files, programs. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { createSystemClock } from "#base/node/system-clock.ts";
import type { CliIo, HostFacts } from "#cli/cli-io.ts";
import { nodeFiles } from "#cli/node-files.ts";
import { createInput } from "#cli/node-input.ts";
import { createOutputs } from "#cli/node-output.ts";
import { runProgram, streamProgram } from "#cli/node-program.ts";
import { readHost, type Host } from "#platform/node/host.ts";

export interface NodeIo extends CliIo {
  /** Flushes output and lets the process end. */
  finish(): Promise<void>;
}

/**
 * A second signal so soon is the same request: `timeout` and shells that pass signals on send two.
 */
const SAME_REQUEST_MS = 500;

/** Exit code of a program that a second interrupt ends at once. */
const INTERRUPTED = 130;

/** Takes over the process: installs signal handlers. Call once. */
export function createNodeIo(): NodeIo {
  const outputs = createOutputs();
  const { stdout, stderr } = outputs;
  const signal = interruptSignal(() => outputs.flush());
  return {
    stdout,
    stderr,
    stdin: createInput(stderr, signal),
    files: nodeFiles,
    host: hostFacts(),
    rawArguments,
    env: process.env,
    clock: createSystemClock(),
    signal,
    runProgram: (argv, limit) => runProgram(argv, limit, signal),
    streamProgram: (argv) => streamProgram(argv, signal),
    every(ms, callback) {
      const timer = setInterval(callback, ms).unref();
      return () => clearInterval(timer);
    },
    onProgressRequest(callback) {
      if (process.platform === "win32") return () => undefined;
      process.on("SIGUSR1", callback);
      return () => process.off("SIGUSR1", callback);
    },
    async finish() {
      await outputs.flush();
    },
  };
}

function interruptSignal(flush: () => unknown): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (controller.signal.aborted) {
      if (now - firstMs < SAME_REQUEST_MS) return;
      flush();
      process.exit(INTERRUPTED);
    }
    firstMs = now;
    controller.abort(new Error(`received ${name}`));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}

/** Facts are looked up when asked for: the user's name may need a directory service. */
function hostFacts(): HostFacts {
  let known: Host | undefined;
  const host = (): Host => (known ??= readHost());
  return {
    get hostname() {
      return host().hostname;
    },
    get username() {
      return host().userName;
    },
    get uid() {
      return host().uid;
    },
    get gid() {
      return host().gid;
    },
    get workingFolder() {
      return process.cwd();
    },
    get homeFolder() {
      return homedir();
    },
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.version,
  };
}

/** Linux keeps the words as they were given; elsewhere arguments are text anyway. */
function rawArguments(): Uint8Array[] {
  if (process.platform !== "linux") return process.argv.map((word) => Buffer.from(word));
  const bytes = readFileSync("/proc/self/cmdline");
  const words: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    words.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    if (end < 0) break;
    at = end + 1;
  }
  return words;
}
