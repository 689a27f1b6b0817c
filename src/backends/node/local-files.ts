/**
 * The few file-system calls that the local storage makes, as an interface: tests stop dead at each
 * call, record the order, or lose what was not synced. Errors are the system's own, untranslated.
 */
import { constants } from "node:fs";
import { link, mkdir, open, opendir, rename, stat, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { systemCode } from "#backends/node/system-error.ts";

/** An open file. */
export interface LocalFile {
  /** Appends all parts, whatever number of system calls that takes. */
  write(parts: readonly Uint8Array[]): Promise<void>;
  /** Reads at `position` until `into` is full or the file ends; returns the bytes read. */
  read(into: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  chmod(mode: number): Promise<void>;
  /** Makes content and attributes durable; false when the file system cannot promise that. */
  sync(): Promise<boolean>;
  close(): Promise<void>;
}

export interface LocalStat {
  readonly isFile: boolean;
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
}

export interface LocalFiles {
  /** Creates a new file, never opens an existing one (EEXIST). */
  create(path: string, mode: number): Promise<LocalFile>;
  open(path: string): Promise<LocalFile>;
  mkdir(path: string, mode: number): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Follows links; undefined when there is nothing. */
  stat(path: string): Promise<LocalStat | undefined>;
  /** Names of the entries that are not folders, or with `folders` of those that are. */
  names(path: string, folders?: boolean): AsyncIterable<string>;
  /** Makes the folder's entries durable; false when the file system cannot promise that. */
  syncFolder(path: string): Promise<boolean>;
}

/**
 * Codes by which a file system says that it cannot sync (reliability: CIFS, FUSE, macOS shares).
 */
const CANNOT_SYNC: ReadonlySet<string> = new Set(["ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOTTY"]);

/** True when a failed sync means "not offered here"; every other failure is final. */
export function syncUnsupported(error: unknown): boolean {
  return CANNOT_SYNC.has(systemCode(error) ?? "");
}

/** The real file system. */
export const localFiles: LocalFiles = {
  async create(path, mode) {
    return new OpenFile(await open(path, "wx", mode));
  },
  async open(path) {
    return new OpenFile(await open(path, "r"));
  },
  async mkdir(path, mode) {
    await mkdir(path, { mode });
  },
  link,
  rename,
  unlink,
  async stat(path) {
    const found = await stat(path).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (found === undefined) return undefined;
    const { size, mode, mtimeMs } = found;
    return { isFile: found.isFile(), size, mode, mtimeMs };
  },
  async *names(path, folders = false) {
    // 256 entries a call: a folder with a million files costs little memory, few round trips.
    for await (const entry of await opendir(path, { bufferSize: 256 })) {
      if (entry.isDirectory() === folders) yield entry.name;
    }
  },
  async syncFolder(path) {
    // Windows cannot flush a folder opened for reading; NTFS journals the entry itself.
    if (process.platform === "win32") return false;
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return await syncHandle(handle);
    } finally {
      await handle.close();
    }
  },
};

class OpenFile implements LocalFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    let rest = parts.filter((part) => part.length > 0);
    while (rest.length > 0) {
      let { bytesWritten } = await this.#handle.writev(rest);
      const after: Uint8Array[] = [];
      for (const part of rest) {
        const done = Math.min(bytesWritten, part.length);
        bytesWritten -= done;
        if (done < part.length) after.push(part.subarray(done));
      }
      rest = after;
    }
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let got = 0;
    while (got < into.length) {
      const { bytesRead } = await this.#handle.read(into, got, into.length - got, position + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return got;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async chmod(mode: number): Promise<void> {
    await this.#handle.chmod(mode);
  }

  async sync(): Promise<boolean> {
    return syncHandle(this.#handle);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function syncHandle(handle: FileHandle): Promise<boolean> {
  try {
    await handle.sync();
    return true;
  } catch (error) {
    if (syncUnsupported(error)) return false;
    throw error;
  }
}
