/**
 * One zstd context that is used for many frames. Node's documented calls make a context each, which
 * costs more than a small blob (measured: docs/adr/0003-kernels.md), so this drives the handle
 * inside Node's own stream objects. That handle is private: whoever uses this class proves it
 * first, and has another way when the proof fails; see reused-zstd.ts.
 */
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { zstdParameters } from "#codec/node/zstd-parameters.ts";

interface Handle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
}

interface InnerStream {
  readonly _handle: Handle;
  /** After each write: free bytes of the output, then unread bytes of the input. */
  readonly _writeState: Uint32Array;
  destroy(): void;
}

export class ZstdContext {
  readonly #stream: InnerStream;
  readonly #handle: Handle;
  readonly #state: Uint32Array;
  readonly #flush: number;
  #failure: string | undefined;

  private constructor(stream: InnerStream, flush: number) {
    this.#stream = stream;
    this.#handle = stream._handle;
    this.#state = stream._writeState;
    this.#flush = flush;
    if (typeof this.#handle.writeSync !== "function" || !(this.#state instanceof Uint32Array)) {
      throw new TypeError("Node's zstd stream has another inside than expected");
    }
    this.#handle.onerror = (message, _errno, code) => {
      this.#failure = `${code}: ${message}`;
    };
  }

  static forCompression(level: number): ZstdContext {
    const params = zstdParameters(level);
    const stream = createZstdCompress({ params }) as unknown as InnerStream;
    return new ZstdContext(stream, constants.ZSTD_e_end);
  }

  static forDecompression(): ZstdContext {
    const stream = createZstdDecompress() as unknown as InnerStream;
    return new ZstdContext(stream, constants.ZSTD_e_continue);
  }

  /**
   * Works from `input` at `from` into `output`, until one of them ends. Gives nothing: see
   * {@link unread} and {@link written}. A plain Error means the context is spoiled: close it.
   */
  run(input: Uint8Array, from: number, output: Uint8Array): void {
    this.#failure = undefined;
    const room = output.length;
    this.#handle.writeSync(this.#flush, input, from, input.length - from, output, 0, room);
    if (this.#failure !== undefined) throw new Error(this.#failure);
    this.written = room - this.#state[0]!;
    this.unread = this.#state[1]!;
  }

  /** Bytes that the last run put into the output. */
  written = 0;
  /** Bytes of the input that the last run left. */
  unread = 0;

  /** Frees the native memory at once. */
  close(): void {
    this.#stream.destroy();
  }
}
