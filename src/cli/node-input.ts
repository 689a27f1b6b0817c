/** Standard input: piped data, and secrets typed without echo. */
import { CofferError } from "#base/errors.ts";
import type { InputSource, OutputSink } from "#cli/cli-io.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";

/** Prompts go to `prompts`, so that stdout holds results only. */
export function createInput(prompts: OutputSink, signal: AbortSignal): InputSource {
  return {
    get isTerminal() {
      return process.stdin.isTTY === true;
    },
    async readAll(limit) {
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of inputChunks(signal)) {
        size += part.length;
        if (size > limit) {
          throw new CofferError("TOO_LARGE", `Standard input is longer than ${limit} bytes`);
        }
        parts.push(part);
      }
      return Buffer.concat(parts);
    },
    chunks: () => inputChunks(signal),
    readSecret: (prompt, aborted) => readSecret(prompt, aborted, prompts),
  };
}

/** Ends with ABORTED on a signal, also while nothing comes. */
async function* inputChunks(signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => {
    process.stdin.destroy(new CofferError("ABORTED", "Interrupted", { cause: signal.reason }));
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield* process.stdin as AsyncIterable<Buffer>;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Typed or pasted ahead of the next prompt. */
let typedAhead = "";

function readSecret(prompt: string, signal: AbortSignal, prompts: OutputSink): Promise<string> {
  const input = process.stdin;
  prompts.write(prompt);
  input.setRawMode(true);
  input.setEncoding("utf8");
  return new Promise<string>((resolve, reject) => {
    let typed: string[] = [];
    const finish = (settle: () => void): void => {
      input.off("data", onData);
      input.off("end", onEnd);
      signal.removeEventListener("abort", onAbort);
      input.setRawMode(false);
      input.pause();
      prompts.write("\n");
      settle();
    };
    const onAbort = (): void => finish(() => reject(new CofferError("ABORTED", "Interrupted")));
    const onEnd = (): void =>
      finish(() => reject(new CofferError("NO_PASSWORD", "unable to read password: end of input")));
    const onData = (text: string): void => {
      const keys = Array.from(text);
      for (const [i, key] of keys.entries()) {
        if (key === "\r" || key === "\n") {
          const secret = typed.join("");
          typedAhead = keys.slice(i + 1).join("");
          return finish(() => resolve(secret));
        }
        if (key === CTRL_C) return onAbort();
        if (key === CTRL_D && typed.length === 0) return onEnd();
        if (key === "\u007F" || key === "\b") typed.pop();
        else if (key === CTRL_U) typed = [];
        else if (key >= " ") typed.push(key);
      }
    };
    input.on("data", onData);
    input.on("end", onEnd);
    signal.addEventListener("abort", onAbort, { once: true });
    input.resume();
    const ahead = typedAhead;
    typedAhead = "";
    if (ahead !== "") onData(ahead);
  });
}
