/** A new file from nothing to its times, on a target whose calls are synchronous. */
import { atOnce } from "#base/maybe-promise.ts";
import type { EntryMeta, TargetFolder } from "#platform/restore-target.ts";

/**
 * Makes, fills and finishes a file; it is closed whatever happens.
 * @param hole zero bytes at the start of the content that are not written
 * @returns what `applyMeta` returns
 * @throws errors of the target, `EEXIST` when something is there
 */
export function writeNewFile(
  folder: TargetFolder,
  name: Uint8Array,
  content: Uint8Array,
  hole: number,
  meta: EntryMeta,
): number {
  const file = atOnce(folder.createFile(name));
  try {
    if (hole > 0) atOnce(file.truncate(content.length));
    if (hole < content.length) atOnce(file.write(content.subarray(hole), hole));
    return atOnce(file.applyMeta(meta));
  } finally {
    atOnce(file.close());
  }
}

/** Number of zero bytes at the start. */
export function leadingZeros(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length && bytes[i] === 0) i++;
  return i;
}
