/**
 * Reads all extended attributes of an entry: one call when there are none, which is the usual case.
 * What the file system does not offer counts as "no attributes"; what exists and cannot be read is
 * reported, never dropped in silence.
 */
import { constants } from "node:os";
import type { ExtendedAttribute } from "#format/node.ts";
import type { PosixCalls } from "#platform/node/posix-calls.ts";
import { systemError } from "#platform/node/system-error.ts";
import type { RawPath } from "#platform/source-tree.ts";

/** Linux limits.h: XATTR_LIST_MAX and XATTR_SIZE_MAX. macOS may need more, so buffers grow. */
const FIRST_BYTES = 65_536;
/** A hostile or broken file system must not make us take all memory. */
const MAX_BYTES = 1 << 28;

const NO_ATTRIBUTES: readonly ExtendedAttribute[] = Object.freeze([]);

const { ENOTSUP, EOPNOTSUPP, EPERM, ENOSYS, ERANGE, E2BIG, ENODATA, EACCES } = constants.errno;
/** macOS's ENOATTR; Linux says ENODATA. */
const NO_SUCH_ATTRIBUTE = process.platform === "darwin" ? 93 : ENODATA;

/** Told of an attribute that could not be read; undefined: the list itself. */
export type AttributeProblem = (name: Uint8Array | undefined, error: Error) => void;

/** Reads attributes by path (links not followed) or by descriptor. */
export class AttributeReader {
  readonly #calls: PosixCalls;
  #names = new Uint8Array(FIRST_BYTES);
  #values = new Uint8Array(FIRST_BYTES);

  constructor(calls: PosixCalls) {
    this.#calls = calls;
  }

  /**
   * All attributes in the order in which the system lists them. The result is the caller's.
   * @throws a SystemError when the entry itself is gone
   */
  read(entry: RawPath | number, problem: AttributeProblem): readonly ExtendedAttribute[] {
    const length = this.#list(entry);
    if (length === 0) return NO_ATTRIBUTES;
    if (length < 0) {
      const errno = -length;
      if (errno === ENOTSUP || errno === EOPNOTSUPP || errno === EPERM || errno === ENOSYS) {
        return NO_ATTRIBUTES;
      }
      const error = systemError(errno, "listxattr", pathOf(entry));
      if (errno !== EACCES && errno !== ERANGE && errno !== E2BIG) throw error;
      problem(undefined, error);
      return NO_ATTRIBUTES;
    }
    return this.#readAll(entry, this.#names.slice(0, length), problem);
  }

  #readAll(
    entry: RawPath | number,
    names: Uint8Array,
    problem: AttributeProblem,
  ): readonly ExtendedAttribute[] {
    const found: ExtendedAttribute[] = [];
    for (let at = 0; at < names.length;) {
      let end = names.indexOf(0, at);
      if (end < 0) end = names.length;
      const name = names.subarray(at, end);
      at = end + 1;
      const length = this.#get(entry, name);
      if (length >= 0) found.push({ name, value: this.#values.slice(0, length) });
      // Removed between the two calls: it is not there, which is not a failure.
      else if (length !== -NO_SUCH_ATTRIBUTE) {
        problem(name, systemError(-length, "getxattr", pathOf(entry)));
      }
    }
    return found;
  }

  #list(entry: RawPath | number): number {
    const calls = this.#calls;
    for (;;) {
      const length =
        typeof entry === "number"
          ? calls.flistxattr(entry, this.#names)
          : calls.llistxattr(entry, this.#names);
      if (length !== -ERANGE || this.#names.length >= MAX_BYTES) return length;
      this.#names = new Uint8Array(this.#names.length * 4);
    }
  }

  #get(entry: RawPath | number, name: Uint8Array): number {
    const calls = this.#calls;
    for (;;) {
      const length =
        typeof entry === "number"
          ? calls.fgetxattr(entry, name, this.#values)
          : calls.lgetxattr(entry, name, this.#values);
      if (length !== -ERANGE || this.#values.length >= MAX_BYTES) return length;
      this.#values = new Uint8Array(this.#values.length * 4);
    }
  }
}

function pathOf(entry: RawPath | number): RawPath | undefined {
  return typeof entry === "number" ? undefined : entry;
}
