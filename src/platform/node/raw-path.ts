/** Raw-byte paths: joining, cutting and telling prefixes apart. */
import type { RawPath } from "#platform/source-tree.ts";

const SLASH = 0x2f;

/** Position of the last `/` at or before `from`, or -1. */
export function lastSlash(path: RawPath, from = path.length - 1): number {
  return path.lastIndexOf(SLASH, from);
}

/** True when `path` lies below the folder that `chain`'s first `end` bytes name. */
export function liesBelow(path: RawPath, chain: RawPath, end: number): boolean {
  if (path.length <= end || path[end] !== SLASH) return false;
  return Buffer.compare(path.subarray(0, end), chain.subarray(0, end)) === 0;
}

/** A Buffer over the same bytes, as Node's calls want it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
