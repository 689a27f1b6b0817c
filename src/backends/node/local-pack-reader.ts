/**
 * Reads ranges of packs of a local repository at once, without a trip through the thread pool: the
 * inner loop of restore and check in a worker thread. The few packs read last stay open.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { CofferError } from "#base/errors.ts";
import { pathOf } from "#backends/layout.ts";
import { fromSystemError, systemCode } from "#backends/node/system-error.ts";

interface OpenPack {
  readonly descriptor: number;
  readonly size: number;
}

/** Not for sharing between threads: each has its own. */
export class LocalPackReader {
  readonly #root: string;
  readonly #limit: number;
  /** In order of use, oldest first. */
  readonly #open = new Map<string, OpenPack>();

  /** @param limit packs kept open, default 16: a worker reads few packs at a time */
  constructor(root: string, limit = 16) {
    this.#root = root;
    this.#limit = limit;
  }

  /**
   * Exactly `length` bytes of pack `id` from `offset`. Fills the start of `into` when it is given
   * and returns that part of it; else a new array. A pack removed meanwhile is still read while it
   * is open.
   * @throws NOT_FOUND, SHORT_READ, DENIED, STORAGE_FAILED
   */
  read(id: string, offset: number, length: number, into?: Uint8Array): Uint8Array {
    const pack = this.#pack(id);
    // Asked before memory is taken: the length may come from a damaged index.
    if (offset + length > pack.size) throw shortRead(id, offset, length, pack.size);
    const bytes = into === undefined ? new Uint8Array(length) : into.subarray(0, length);
    if (bytes.length < length) throw new CofferError("INTERNAL", "The buffer is too small");
    try {
      let got = 0;
      while (got < length) {
        const read = readSync(pack.descriptor, bytes, got, length - got, offset + got);
        if (read === 0) throw shortRead(id, offset, length, offset + got);
        got += read;
      }
      return bytes;
    } catch (error) {
      // A descriptor that failed once (ESTALE on a share) would fail for ever.
      this.#drop(id, pack);
      throw fromSystemError(error, `read the pack ${id.slice(0, 8)}`, this.#pathOf(id));
    }
  }

  /** Size of the pack in bytes. @throws as {@link read} */
  size(id: string): number {
    return this.#pack(id).size;
  }

  /** Closes all packs; the reader may be used again. */
  close(): void {
    for (const [id, pack] of Array.from(this.#open)) this.#drop(id, pack);
  }

  #pack(id: string): OpenPack {
    const known = this.#open.get(id);
    if (known !== undefined) {
      this.#open.delete(id);
      this.#open.set(id, known);
      return known;
    }
    const pack = this.#openPack(id);
    this.#open.set(id, pack);
    for (const [oldest, old] of this.#open) {
      if (this.#open.size <= this.#limit) break;
      this.#drop(oldest, old);
    }
    return pack;
  }

  #openPack(id: string): OpenPack {
    const path = this.#pathOf(id);
    try {
      const descriptor = this.#openDescriptor(path);
      return { descriptor, size: fstatSync(descriptor).size };
    } catch (error) {
      throw fromSystemError(error, `read the pack ${id.slice(0, 8)}`, path);
    }
  }

  #openDescriptor(path: string): number {
    try {
      return openSync(path, "r");
    } catch (error) {
      if (!["EMFILE", "ENFILE"].includes(systemCode(error) ?? "") || this.#open.size === 0)
        throw error;
      this.close();
      return openSync(path, "r");
    }
  }

  #pathOf(id: string): string {
    return join(this.#root, pathOf({ type: "pack", name: id }));
  }

  #drop(id: string, pack: OpenPack): void {
    if (!this.#open.delete(id)) return;
    closeSync(pack.descriptor);
  }
}

function shortRead(id: string, offset: number, length: number, size: number): CofferError {
  return new CofferError("SHORT_READ", `The pack ${id.slice(0, 8)} is shorter than it should be`, {
    data: { offset, length, size },
  });
}
