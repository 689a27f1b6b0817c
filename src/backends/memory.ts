/**
 * A repository in memory: for tests, for trying things out, and for the browser, where a caller may
 * save the map's content by other means. Behaves as every storage must (backend.ts).
 */
import { concatBytes } from "#base/bytes.ts";
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
import { isFileName, pathOf } from "#backends/layout.ts";

export interface MemoryOptions {
  /** Stored bytes at which writing ends with STORAGE_FULL. Default: no bound. */
  readonly capacity?: number;
  /** Shown as the location. Default `memory`. */
  readonly name?: string;
}

/** All files in one map. Bytes are copied in and out, so that nobody's later changes are seen. */
export class MemoryBackend implements Backend {
  readonly location: string;
  readonly connections = 8;
  readonly supports: BackendSupport = { listAfterWrite: true, remove: true };
  /**
   * Path (`data/73/73d0…`) to stored bytes. Open to tests and to callers that load or save
   * everything.
   */
  readonly files = new Map<string, Uint8Array>();
  readonly #capacity: number;
  #used = 0;

  constructor(options: MemoryOptions = {}) {
    this.location = options.name ?? "memory";
    this.#capacity = options.capacity ?? Infinity;
  }

  async create(options?: CallOptions): Promise<void> {
    throwIfAborted(options?.signal);
  }

  async write(file: FileRef, parts: readonly Uint8Array[], options?: WriteOptions): Promise<void> {
    throwIfAborted(options?.signal);
    const path = pathOf(file);
    if (this.files.has(path)) {
      throw new CofferError("ALREADY_EXISTS", `The ${describeFile(file)} is already stored`);
    }
    const bytes = concatBytes(parts);
    if (this.#used + bytes.length > this.#capacity) {
      throw new CofferError("STORAGE_FULL", `No space left for the ${describeFile(file)}`);
    }
    this.#used += bytes.length;
    this.files.set(path, bytes);
  }

  async read(file: FileRef, options: ReadOptions = {}): Promise<Uint8Array> {
    throwIfAborted(options.signal);
    const bytes = this.files.get(pathOf(file));
    if (bytes === undefined) throw notFound(file);
    const { offset = 0 } = options;
    const length = options.length ?? Math.max(0, bytes.length - offset);
    if (offset + length > bytes.length) {
      throw new CofferError(
        "SHORT_READ",
        `The ${describeFile(file)} is shorter than it should be`,
        {
          data: { offset, length, size: bytes.length },
        },
      );
    }
    return bytes.slice(offset, offset + length);
  }

  async stat(file: FileRef, options?: CallOptions): Promise<ListedFile | undefined> {
    throwIfAborted(options?.signal);
    const bytes = this.files.get(pathOf(file));
    return bytes === undefined ? undefined : { name: file.name, size: bytes.length };
  }

  async *list(type: FileType, options?: CallOptions): AsyncGenerator<ListedFile> {
    throwIfAborted(options?.signal);
    // The map may change while the caller works between two entries.
    for (const [path, bytes] of Array.from(this.files)) {
      throwIfAborted(options?.signal);
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (isFileName(type, name) && path === pathOf({ type, name }) && this.files.has(path)) {
        yield { name, size: bytes.length };
      }
    }
  }

  async remove(file: FileRef, options?: CallOptions): Promise<void> {
    throwIfAborted(options?.signal);
    const path = pathOf(file);
    const bytes = this.files.get(path);
    if (bytes === undefined) throw notFound(file);
    this.#used -= bytes.length;
    this.files.delete(path);
  }

  async close(): Promise<void> {}
}

function notFound(file: FileRef): CofferError {
  return new CofferError("NOT_FOUND", `There is no ${describeFile(file)} in the storage`);
}
