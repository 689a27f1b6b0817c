/**
 * A repository in a folder: local disks and mounted shares. Invariant: a file is under its final
 * name only when whole and synced; nothing is ever replaced (docs/format.md, section 1).
 */
import { dirname, join } from "node:path";
import { toMillis } from "#base/timestamp.ts";
import type { Clock } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";
import {
  describeFile,
  type Backend,
  type BackendSupport,
  type CallOptions,
  type FileRef,
  type FileType,
  type ListedFile,
  type ReadOptions,
  type WriteOptions,
} from "#backends/backend.ts";
import { packFolders, pathOf, typeFolder } from "#backends/layout.ts";
import { absenceOf, lostRepository } from "#backends/node/local-absence.ts";
import { localFiles, type LocalFile, type LocalFiles } from "#backends/node/local-files.ts";
import { listFolder, listPacks, sweepFolder } from "#backends/node/local-list.ts";
import {
  detectModes,
  publish,
  temporaryName,
  type LocalModes,
} from "#backends/node/local-publish.ts";
import { fromSystemError, systemCode } from "#backends/node/system-error.ts";

export interface LocalOptions {
  /** The repository's folder; relative paths follow the working directory. */
  readonly root: string;
  readonly clock: Clock;
  /** Names of temporary files. */
  readonly random: Random;
  /** Default 4, the size of Node's thread pool: more calls would only queue there. */
  readonly connections?: number;
  /** Told once when the file system cannot sync, so that a power loss may cost finished files. */
  readonly onWarning?: (message: string) => void;
  /** The system calls; replaced by tests. */
  readonly files?: LocalFiles;
}

/**
 * Looks at the repository's modes, removes leftovers of killed writers, and gives the storage. The
 * folder need not exist yet.
 * @throws DENIED, STORAGE_FAILED
 */
export async function openLocal(options: LocalOptions): Promise<LocalBackend> {
  const files = options.files ?? localFiles;
  try {
    const backend = new LocalBackend(options, await detectModes(files, options.root));
    await backend.sweep();
    return backend;
  } catch (error) {
    throw fromSystemError(error, "open the repository", options.root);
  }
}

/** Made by {@link openLocal}. */
export class LocalBackend implements Backend {
  readonly location: string;
  readonly connections: number;
  readonly supports: BackendSupport = { listAfterWrite: true, remove: true };
  readonly root: string;
  readonly modes: LocalModes;
  readonly #files: LocalFiles;
  readonly #clock: Clock;
  readonly #random: Random;
  #onWarning: ((message: string) => void) | undefined;

  constructor(options: LocalOptions, modes: LocalModes) {
    this.root = options.root;
    this.location = options.root;
    this.connections = options.connections ?? 4;
    this.modes = modes;
    this.#files = options.files ?? localFiles;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#onWarning = options.onWarning;
  }

  async create(options?: CallOptions): Promise<void> {
    try {
      await this.#ensureFolder(this.root);
      const make = (folder: string): Promise<void> => this.#makeFolder(join(this.root, folder));
      await Promise.all(["keys", "locks", "snapshots", "index", "data"].map(make));
      throwIfAborted(options?.signal);
      // At once: one after the other, 256 trips through the thread pool take ten times as long.
      await Promise.all(packFolders().map(make));
      this.#noteSync(await this.#files.syncFolder(join(this.root, "data")));
      this.#noteSync(await this.#files.syncFolder(this.root));
      await this.sweep();
    } catch (error) {
      throw fromSystemError(error, "create the repository's folders", this.root);
    }
  }

  async write(file: FileRef, parts: readonly Uint8Array[], options?: WriteOptions): Promise<void> {
    throwIfAborted(options?.signal);
    const final = join(this.root, pathOf(file));
    const temporary = join(dirname(final), temporaryName(file.name, this.#random));
    try {
      // Looked at first only to spare the upload of a file that is there; `publish` decides.
      if ((await this.#files.stat(final)) !== undefined) {
        throw Object.assign(new Error("file already exists"), { code: "EEXIST" });
      }
      const open = await this.#createIn(temporary);
      await this.#finish(open, temporary, final, parts, options?.signal);
    } catch (error) {
      throw fromSystemError(error, `write the ${describeFile(file)}`, final);
    }
  }

  async #finish(
    open: LocalFile,
    temporary: string,
    final: string,
    parts: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let isOpen = true;
    try {
      await open.write(parts);
      await this.#protect(open);
      this.#noteSync(await open.sync());
      isOpen = false;
      await open.close();
      throwIfAborted(signal);
      this.#noteSync(await publish(this.#files, temporary, final));
    } catch (error) {
      // The first error is the one to report; what cannot be cleaned is swept a day later.
      if (isOpen) await open.close().catch(() => undefined);
      await this.#files.unlink(temporary).catch(() => undefined);
      throw error;
    }
  }

  async read(file: FileRef, options: ReadOptions = {}): Promise<Uint8Array> {
    throwIfAborted(options.signal);
    const path = join(this.root, pathOf(file));
    try {
      const open = await this.#files.open(path);
      try {
        const size = await open.size();
        const { offset = 0 } = options;
        const length = options.length ?? Math.max(0, size - offset);
        // Asked before memory is taken: the length may come from a damaged index.
        if (offset + length > size) throw shortRead(file, offset, length, size);
        const bytes = new Uint8Array(length);
        const got = await open.read(bytes, offset);
        if (got < length) throw shortRead(file, offset, length, offset + got);
        return bytes;
      } finally {
        await open.close();
      }
    } catch (error) {
      if (systemCode(error) === "ENOENT") throw await absenceOf(this.#files, this.root, file);
      throw fromSystemError(error, `read the ${describeFile(file)}`, path);
    }
  }

  async stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    throwIfAborted(options?.signal);
    const path = join(this.root, pathOf(file));
    try {
      const found = await this.#files.stat(path);
      if (found === undefined) {
        const lost = await lostRepository(this.#files, this.root, file.type);
        if (lost !== undefined) throw lost;
        return undefined;
      }
      if (!found.isFile) throw new CofferError("STORAGE_FAILED", `${path} is not a regular file`);
      return { name: file.name, size: found.size };
    } catch (error) {
      throw fromSystemError(error, `look at the ${describeFile(file)}`, path);
    }
  }

  async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    throwIfAborted(options?.signal);
    const { signal } = options ?? {};
    const lost = await lostRepository(this.#files, this.root, type);
    if (lost !== undefined) throw lost;
    if (type === "config") {
      const config = await this.stat({ type, name: "config" }, options);
      if (config !== undefined) yield config;
      return;
    }
    const listing = { signal, staleBefore: this.#staleBefore() };
    if (type === "pack") yield* listPacks(this.#files, this.root, listing);
    else yield* listFolder(this.#files, join(this.root, typeFolder(type)), type, listing);
  }

  async remove(file: FileRef, options?: CallOptions): Promise<void> {
    throwIfAborted(options?.signal);
    const path = join(this.root, pathOf(file));
    try {
      await this.#files.unlink(path);
      // A pack or lock that comes back after a power loss is only waste; an index or snapshot that
      // comes back would name packs which prune deleted because it was gone.
      if (file.type !== "pack" && file.type !== "lock") {
        this.#noteSync(await this.#files.syncFolder(dirname(path)));
      }
    } catch (error) {
      if (systemCode(error) === "ENOENT") throw await absenceOf(this.#files, this.root, file);
      throw fromSystemError(error, `remove the ${describeFile(file)}`, path);
    }
  }

  async close(): Promise<void> {}

  /**
   * Removes temporary files of writers that died more than a day ago, in all folders but the 256 of
   * packs, which are swept as they are listed.
   */
  async sweep(): Promise<void> {
    for (const folder of ["", "keys", "locks", "snapshots", "index", "data"]) {
      await sweepFolder(this.#files, join(this.root, folder), this.#staleBefore());
    }
  }

  #staleBefore(): number {
    return toMillis(this.#clock.now()) - 24 * 3600 * 1000;
  }

  async #createIn(temporary: string): Promise<LocalFile> {
    try {
      return await this.#files.create(temporary, this.modes.file);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      // Copies made by sync programs drop empty folders; the root itself is never made here, since
      // a missing root is more likely an unmounted disk.
      const folder = dirname(temporary);
      if (folder === this.root || (await this.#files.stat(this.root)) === undefined) throw error;
      await this.#ensureFolder(folder);
      return this.#files.create(temporary, this.modes.file);
    }
  }

  async #ensureFolder(path: string): Promise<void> {
    if ((await this.#files.stat(path)) !== undefined) return;
    const parent = dirname(path);
    if (parent !== path) await this.#ensureFolder(parent);
    await this.#makeFolder(path);
    this.#noteSync(await this.#files.syncFolder(parent));
  }

  async #makeFolder(path: string): Promise<void> {
    try {
      await this.#files.mkdir(path, this.modes.folder);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }

  /** Finished files are read-only, except on Windows, where that would forbid removing them. */
  async #protect(open: LocalFile): Promise<void> {
    if (process.platform === "win32") return;
    try {
      await open.chmod(this.modes.finished);
    } catch (error) {
      // Shares that keep no modes refuse; the bit only guards against mishaps.
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "EINVAL"].includes(systemCode(error) ?? ""))
        throw error;
    }
  }

  #noteSync(promised: boolean): void {
    if (promised || process.platform === "win32") return;
    this.#onWarning?.(
      `The file system of ${this.root} cannot sync: a power loss may cost finished files`,
    );
    this.#onWarning = undefined;
  }
}

function shortRead(file: FileRef, offset: number, length: number, size: number): CofferError {
  return new CofferError("SHORT_READ", `The ${describeFile(file)} is shorter than it should be`, {
    data: { offset, length, size },
  });
}
