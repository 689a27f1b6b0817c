/** Paths as C wants them: NUL-terminated, in a buffer that is used again for every call. */
import { namedError } from "#platform/node/system-error.ts";

/** Linux's PATH_MAX, the final NUL included; macOS has 1024 and refuses by itself. */
const PATH_MAX = 4096;

/**
 * One reusable buffer. A call with two paths needs two of these. The array returned by
 * {@link CPath.of} is valid until the next call of it.
 */
export class CPath {
  readonly #buffer = new Uint8Array(PATH_MAX);

  /** @throws ENAMETOOLONG, or EINVAL for a NUL inside */
  of(path: Uint8Array, syscall: string): Uint8Array {
    if (path.length >= PATH_MAX) throw namedError("ENAMETOOLONG", "name too long", syscall, path);
    if (path.includes(0)) throw namedError("EINVAL", "path contains NUL", syscall, path);
    this.#buffer.set(path);
    this.#buffer[path.length] = 0;
    return this.#buffer;
  }
}
