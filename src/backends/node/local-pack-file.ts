/**
 * A pack written to a local repository while it grows, by a worker thread: bytes go to the disk as
 * they come, so no worker holds a pack in memory. Invariant as in local.ts: the pack has its name
 * only when whole and synced (docs/format.md, sections 1 and 6).
 */
import { closeSync, fchmodSync, fsync, openSync, unlinkSync, writevSync } from "node:fs";
import { copyFile, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { CofferError } from "#base/errors.ts";
import type { Random } from "#base/random.ts";
import { pathOf } from "#backends/layout.ts";
import { localFiles, syncUnsupported, type LocalFiles } from "#backends/node/local-files.ts";
import { publish, temporaryName, type LocalModes } from "#backends/node/local-publish.ts";
import { fromSystemError, systemCode } from "#backends/node/system-error.ts";

const fsyncLater = promisify(fsync);

/** Appends smaller than half of this are gathered; larger ones go out with what was gathered. */
const BUFFER_SIZE = 512 * 1024;

export interface PackFileOptions {
  /** As found by `detectModes`; `LocalBackend.modes` has them. */
  readonly modes: LocalModes;
  /** Names the temporary file. */
  readonly random: Random;
  /** Gathers small appends; may be used again when the pack is finished. Default: 512 KiB, new. */
  readonly buffer?: Uint8Array;
  /** The calls that publish; replaced by tests. */
  readonly files?: LocalFiles;
}

/**
 * Begins a pack in the repository at `root`: `data/pack-tmp-<random>`, since its name is known
 * last.
 * @throws DENIED, STORAGE_FULL, STORAGE_FAILED, NOT_FOUND when `data` is missing
 */
export function openPackFile(root: string, options: PackFileOptions): LocalPackFile {
  const temporary = join(root, "data", temporaryName("pack", options.random));
  try {
    const descriptor = openSync(temporary, "wx", options.modes.file);
    return new LocalPackFile(root, temporary, descriptor, options);
  } catch (error) {
    throw fromSystemError(error, "begin a pack", temporary);
  }
}

/**
 * A pack that grows; made by {@link openPackFile}. After `finish` or `abort` it is of no more use.
 */
export class LocalPackFile {
  readonly #root: string;
  readonly #temporary: string;
  readonly #options: PackFileOptions;
  readonly #buffer: Uint8Array;
  #descriptor: number | undefined;
  #filled = 0;
  #size = 0;

  constructor(root: string, temporary: string, descriptor: number, options: PackFileOptions) {
    this.#root = root;
    this.#temporary = temporary;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#buffer = options.buffer ?? new Uint8Array(BUFFER_SIZE);
  }

  /** Bytes appended so far: where the next append will lie in the pack. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds bytes to the end. They are copied or written before this returns, so they stay the
   * caller's. Synchronous: in a worker, one write call is cheaper than a trip through the thread
   * pool.
   * @throws STORAGE_FULL, STORAGE_FAILED; the file is then removed and the pack lost
   */
  append(bytes: Uint8Array): void {
    const descriptor = this.#opened();
    if (bytes.length >= this.#buffer.length / 2) {
      this.#writeOut(descriptor, [this.#buffer.subarray(0, this.#filled), bytes]);
    } else {
      if (this.#filled + bytes.length > this.#buffer.length) {
        this.#writeOut(descriptor, [this.#buffer.subarray(0, this.#filled)]);
      }
      this.#buffer.set(bytes, this.#filled);
      this.#filled += bytes.length;
    }
    this.#size += bytes.length;
  }

  /**
   * Writes out the rest at once, so that `buffer` is free when this returns its promise; then syncs
   * and publishes the pack as `data/xx/<id>` while other work goes on. Durable when resolved.
   * @param id 64 hex digits, the SHA-256 of all appended bytes
   * @returns false when the file system cannot sync
   * @throws ALREADY_EXISTS, STORAGE_FULL, STORAGE_FAILED; the pack is then lost and must be built
   *   anew, never synced again: the system may have dropped the unwritten pages
   */
  async finish(id: string): Promise<boolean> {
    const descriptor = this.#opened();
    const final = join(this.#root, pathOf({ type: "pack", name: id }));
    this.#writeOut(descriptor, [this.#buffer.subarray(0, this.#filled)]);
    try {
      if (process.platform !== "win32") protect(descriptor, this.#options.modes.finished);
      const synced = await syncDescriptor(descriptor);
      this.#close();
      return (await this.#publish(final)) && synced;
    } catch (error) {
      this.abort();
      throw fromSystemError(error, `finish the pack ${id.slice(0, 8)}`, final);
    }
  }

  /**
   * Drops the pack and its temporary file; after `finish` resolved nothing happens. Never throws.
   */
  abort(): void {
    try {
      this.#close();
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
    try {
      unlinkSync(this.#temporary);
    } catch (error) {
      // Published, gone, or to be swept a day later.
      if (systemCode(error) === undefined) throw error;
    }
  }

  async #publish(final: string): Promise<boolean> {
    const files = this.#options.files ?? localFiles;
    try {
      return await publish(files, this.#temporary, final);
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" && (await files.stat(this.#temporary)) !== undefined) {
        await mkdir(dirname(final), { mode: this.#options.modes.folder });
        const synced = await files.syncFolder(dirname(dirname(final)));
        return (await publish(files, this.#temporary, final)) && synced;
      }
      if (code === "EXDEV") return this.#publishElsewhere(files, final);
      throw error;
    }
  }

  /** The folders of `data` may lie on several disks; no name can cross from one to another. */
  async #publishElsewhere(files: LocalFiles, final: string): Promise<boolean> {
    const copy = join(dirname(final), temporaryName("pack", this.#options.random));
    try {
      await copyFile(this.#temporary, copy);
      const handle = await open(copy, "r");
      const synced = await syncDescriptor(handle.fd).finally(() => handle.close());
      const named = await publish(files, copy, final);
      unlinkSync(this.#temporary);
      return synced && named;
    } catch (error) {
      await files.unlink(copy).catch(() => undefined);
      throw error;
    }
  }

  #opened(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    throw new CofferError("INTERNAL", "The pack file is already finished");
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  #writeOut(descriptor: number, parts: readonly Uint8Array[]): void {
    try {
      let rest = parts.filter((part) => part.length > 0);
      while (rest.length > 0) {
        let written = writevSync(descriptor, rest);
        rest = rest.flatMap((part) => {
          const done = Math.min(written, part.length);
          written -= done;
          return done < part.length ? [part.subarray(done)] : [];
        });
      }
      this.#filled = 0;
    } catch (error) {
      this.abort();
      throw fromSystemError(error, "write a pack", this.#temporary);
    }
  }
}

/** Read-only guards against mishaps only: a share that keeps no modes may refuse. */
function protect(descriptor: number, mode: number): void {
  try {
    fchmodSync(descriptor, mode);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "EINVAL"].includes(systemCode(error) ?? ""))
      throw error;
  }
}

async function syncDescriptor(descriptor: number): Promise<boolean> {
  try {
    await fsyncLater(descriptor);
    return true;
  } catch (error) {
    if (syncUnsupported(error)) return false;
    throw error;
  }
}
