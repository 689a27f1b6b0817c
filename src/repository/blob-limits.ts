/**
 * What a blob may claim to be. An index passes authentication and may still lie: a few kilobytes
 * must not take a gigabyte of memory (docs/format.md, section 6).
 */
import { toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";

/** A plaintext blob beyond this is refused; only trees of millions of entries come near. */
export const MAX_BLOB = 1024 * 1024 * 1024;

/** Twice the longest chunk of a file; beyond it only trees are found. */
const LARGE_BLOB = 16 * 1024 * 1024;

/**
 * Most that a large blob may shrink. The tree of 200,000 empty files, one as the other but for
 * name and inode, shrinks 122 : 1 at level 3 and 117 : 1 at level 19 (measured).
 */
const MAX_RATIO = 500;

/**
 * @param rawLength plaintext bytes claimed; 0 for a blob that is not compressed
 * @param stored bytes of the sealed blob
 * @throws TOO_LARGE for a length that no sound blob has
 */
export function checkBlobClaim(id: Uint8Array, rawLength: number, stored: number): void {
  const tooLarge = rawLength > MAX_BLOB || stored > MAX_BLOB + SEAL_OVERHEAD;
  const bomb = rawLength > LARGE_BLOB && rawLength > stored * MAX_RATIO;
  if (!tooLarge && !bomb) return;
  const text = `Blob ${toHex(id, 0, 4)} claims ${rawLength || stored} bytes in ${stored} stored`;
  throw new CofferError("TOO_LARGE", text);
}
