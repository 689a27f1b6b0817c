/**
 * stdout and stderr of the process. Text is gathered and written in large pieces, at the latest
 * when the event loop turns; writes are synchronous, so nothing is lost at exit and a slow reader
 * slows us.
 */
import { fstatSync, writeSync } from "node:fs";
import type { OutputSink } from "#cli/cli-io.ts";

/** Bytes gathered before they are written. */
const PIECE = 64 * 1024;

export interface Outputs {
  readonly stdout: OutputSink;
  readonly stderr: OutputSink;
  flush(): Promise<void>;
}

export function createOutputs(): Outputs {
  const out = new Gathered(1);
  const err = new Gathered(2);
  return {
    stdout: sink(
      1,
      () => process.stdout,
      (data) => out.write(data),
    ),
    stderr: sink(
      2,
      () => process.stderr,
      (data) => {
        // Order between the two matters to whoever reads both.
        out.flush();
        err.write(data);
        err.flush();
      },
    ),
    flush() {
      out.flush();
      err.flush();
      return Promise.resolve();
    },
  };
}

function sink(
  descriptor: number,
  stream: () => NodeJS.WriteStream,
  write: OutputSink["write"],
): OutputSink {
  const isTerminal = isDevice(descriptor) && stream().isTTY === true;
  return { isTerminal, columns: () => (isTerminal ? stream().columns : undefined), write };
}

/** Pipes and files are no terminals; making a stream of them would load half the network code. */
function isDevice(descriptor: number): boolean {
  try {
    return process.platform === "win32" || fstatSync(descriptor).isCharacterDevice();
  } catch {
    // A closed descriptor shows nothing to anyone.
    return false;
  }
}

class Gathered {
  readonly #descriptor: number;
  #parts: Uint8Array[] = [];
  #size = 0;
  #scheduled = false;
  #closed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(data: string | Uint8Array): void {
    if (this.#closed) return;
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= PIECE) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    if (this.#size === 0) return;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    let at = 0;
    while (at < bytes.length && !this.#closed) at += this.#writeSome(bytes, at);
  }

  #writeSome(bytes: Buffer, at: number): number {
    try {
      return writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EAGAIN") {
        // Someone made the pipe non-blocking: wait a little, without spinning.
        Atomics.wait(WAITER, 0, 0, 5);
        return 0;
      }
      // Nobody listens any more (`coffer ls | head`): the rest is not wanted.
      this.#closed = true;
      if (code !== "EPIPE" && code !== "EBADF") throw error;
      return 0;
    }
  }
}

const WAITER = new Int32Array(new SharedArrayBuffer(4));
