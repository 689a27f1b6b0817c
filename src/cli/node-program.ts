/** Runs the program that prints a password: no shell, no inherited input, bounded output. */
import { CofferError } from "#base/errors.ts";

/** Loaded when needed: starting the command line does not pay for it. */
const loadSpawn = async () => (await import("node:child_process")).spawn;

/**
 * What it printed, at most `limit` bytes. Messages name the program only: arguments may be secret.
 */
export async function runProgram(
  argv: readonly string[],
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [program = "", ...words] = argv;
  const spawn = await loadSpawn();
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["inherit", "pipe", "inherit"], signal });
    const fail = (problem: string): void =>
      reject(new CofferError("BAD_OPTION", `the program ${program} ${problem}`));
    const parts: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (part: Buffer) => {
      size += part.length;
      if (size > limit) {
        child.kill();
        fail(`printed more than ${limit} bytes`);
      } else parts.push(part);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.name === "AbortError") reject(new CofferError("ABORTED", "Interrupted"));
      else fail(`cannot be run (${error.code ?? error.name})`);
    });
    child.on("close", (code, killed) => {
      if (code === 0) resolve(Buffer.concat(parts));
      else fail(killed === null ? `failed with code ${code}` : `was ended by ${killed}`);
    });
  });
}

/** Runs a program and yields its output; the end comes only after it ended well. */
export async function* streamProgram(
  argv: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const [program = "", ...words] = argv;
  const spawn = await loadSpawn();
  const child = spawn(program, words, { stdio: ["inherit", "pipe", "inherit"], signal });
  const ended = new Promise<string | undefined>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      resolve(`cannot be run (${error.code ?? error.name})`),
    );
    child.on("close", (code, killed) => {
      if (code === 0) resolve(undefined);
      else resolve(killed === null ? `failed with code ${code}` : `was ended by ${killed}`);
    });
  });
  yield* child.stdout as AsyncIterable<Uint8Array>;
  const problem = await ended;
  if (signal.aborted) throw new CofferError("ABORTED", "Interrupted", { cause: signal.reason });
  if (problem !== undefined) {
    throw new CofferError("SOURCE_COMMAND_FAILED", `the command ${program} ${problem}`);
  }
}
