/**
 * Paths beyond the kernel's 4,096 bytes. Such a path is walked in hops: each hop opens a folder by
 * a descriptor, and the rest is named `/proc/self/fd/N/rest`, which every call takes. Descriptors
 * of the last deep folder are kept, so that a walk of a deep chain opens one hop now and then
 * instead of the whole chain again for each entry.
 *
 * Invariant: the descriptors kept are those of folders along `chain`, ordered from the root on, and
 * at most {@link MAX_HOPS} of them. Short paths never come here.
 */
import { closeSync, constants, openSync } from "node:fs";
import { concatBytes, utf8 } from "#base/bytes.ts";
import { asBuffer, lastSlash, liesBelow } from "#platform/node/raw-path.ts";
import { namedError, systemCode, systemError } from "#platform/node/system-error.ts";
import type { RawPath } from "#platform/source-tree.ts";

/** Leaves room for `/proc/self/fd/N/` below PATH_MAX (4,096). */
export const SHORT_PATH_BYTES = 4000;
/** Up to this many bytes per hop; a name has at most 255. */
const HOP_BYTES = 3500;
/** 64 hops are 220 kB of path. Deeper ones work too: the first hops are then made again. */
const MAX_HOPS = 64;
/** Linux fcntl.h: a descriptor to look up from; needs no permission to read the folder. */
const O_PATH = 0o10000000;
const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

interface Hop {
  /** The folder is the first `end` bytes of `chain`. */
  readonly end: number;
  readonly fd: number;
}

/** One per walker; not shared between threads. Call {@link DeepPaths.close} at the end. */
export class DeepPaths {
  #hops: Hop[] = [];
  #chain: RawPath = new Uint8Array(0);

  /** Descriptors held now. */
  get held(): number {
    return this.#hops.length;
  }

  /**
   * Runs `use` with a path that means the same and that the kernel takes. A deep path is tried once
   * more with fresh descriptors when it was not found: a kept folder may have been replaced.
   */
  run<T>(path: RawPath, use: (short: RawPath) => T): T {
    if (path.length <= SHORT_PATH_BYTES) return use(path);
    const kept = this.held > 0;
    try {
      return use(this.#shorten(path));
    } catch (error) {
      const code = systemCode(error);
      if (!kept || (code !== "ENOENT" && code !== "ENOTDIR")) throw renamed(error, path);
      this.close();
    }
    try {
      return use(this.#shorten(path));
    } catch (error) {
      throw renamed(error, path);
    }
  }

  /** Closes the descriptors kept. The object stays usable. */
  close(): void {
    for (const hop of this.#hops.splice(0)) closeSync(hop.fd);
  }

  #shorten(path: RawPath): RawPath {
    if (process.platform !== "linux") {
      throw namedError("ENAMETOOLONG", "name too long", "open", path);
    }
    for (;;) {
      const last = this.#hops.at(-1);
      if (last === undefined || liesBelow(path, this.#chain, last.end)) break;
      closeSync(last.fd);
      this.#hops.pop();
    }
    this.#chain = path;
    for (;;) {
      const from = this.#hops.at(-1)?.end ?? 0;
      if (path.length - from <= HOP_BYTES) return this.#relative(path, from, path.length);
      const end = lastSlash(path, from + HOP_BYTES);
      if (end <= from) throw namedError("ENAMETOOLONG", "name too long", "open", path);
      this.#push({ end, fd: openSync(asBuffer(this.#relative(path, from, end)), FOLDER) });
    }
  }

  /** `path[from, to)` as seen from the last hop. */
  #relative(path: RawPath, from: number, to: number): RawPath {
    const last = this.#hops.at(-1);
    if (last === undefined) return path.subarray(0, to);
    return concatBytes([utf8(`/proc/self/fd/${last.fd}`), path.subarray(from, to)]);
  }

  #push(hop: Hop): void {
    this.#hops.push(hop);
    if (this.#hops.length > MAX_HOPS) closeSync(this.#hops.shift()!.fd);
  }
}

/** The same error, naming the path that the caller gave. */
function renamed(error: unknown, path: RawPath): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const { errno, syscall } = error as { errno?: number; syscall?: string };
  if (errno === undefined || errno === 0) return error;
  return systemError(-errno, syscall ?? "open", path);
}
