/** Gives a folder's node another tree, without touching any other byte of it. */
import { concatBytes, equalBytes, toHex, utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { encodeTree } from "#format/tree-encode.ts";
import { TreeCursor } from "#format/tree-decode.ts";

/**
 * The node's bytes with `after` in place of `before` as its subtree. Fields that this program does
 * not know, and the way in which known ones are written, stay as they are.
 * @throws BAD_TREE when the node is not written so that this is possible
 */
export function patchSubtree(raw: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array {
  const at = lastIndexOf(raw, utf8(`"subtree":"${toHex(before)}"`));
  if (at >= 0) {
    const text = utf8(`"subtree":"${toHex(after)}"`);
    const patched = concatBytes([raw.subarray(0, at), text, raw.subarray(at + text.length)]);
    // The text might be a part of another field: only what decodes to the new tree is right.
    const cursor = new TreeCursor(encodeTree([patched]));
    if (cursor.next() && equalBytes(cursor.decode().subtree ?? new Uint8Array(0), after)) {
      return patched;
    }
  }
  throw new CofferError("BAD_TREE", "cannot encode a folder's entry without losing information");
}

function lastIndexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = bytes.length - part.length; at >= 0; at--) {
    let i = 0;
    while (i < part.length && bytes[at + i] === part[i]) i++;
    if (i === part.length) return at;
  }
  return -1;
}
