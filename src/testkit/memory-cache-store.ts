/** A cache store in memory whose copies a test can look at, break and count. */
import { concatBytes } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { FileRef, FileType } from "#backends/backend.ts";
import { pathOf } from "#backends/layout.ts";
import type { CacheStore } from "#backends/wrappers/cache-store.ts";

/** `copies` maps `data/73/73d0…` to bytes; with `broken` every call fails. */
export class MemoryCacheStore implements CacheStore {
  readonly copies = new Map<string, Uint8Array>();
  broken = false;

  async read(file: FileRef, offset = 0, length?: number): Promise<Uint8Array | undefined> {
    this.#check();
    const copy = this.copies.get(pathOf(file));
    if (copy === undefined || offset + (length ?? 0) > copy.length) return undefined;
    return copy.slice(offset, length === undefined ? undefined : offset + length);
  }

  async write(file: FileRef, parts: readonly Uint8Array[]): Promise<void> {
    this.#check();
    this.copies.set(pathOf(file), concatBytes(parts));
  }

  async remove(file: FileRef): Promise<void> {
    this.#check();
    this.copies.delete(pathOf(file));
  }

  async list(type: FileType): Promise<string[]> {
    this.#check();
    return [...this.copies.keys()]
      .map((path) => path.slice(path.lastIndexOf("/") + 1))
      .filter((name) => this.copies.has(pathOf({ type, name })));
  }

  #check(): void {
    if (this.broken) throw new CofferError("STORAGE_FULL", "Simulated: the cache is broken");
  }
}
