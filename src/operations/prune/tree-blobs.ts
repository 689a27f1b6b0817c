/** What a tree refers to, read without decoding its entries. */
import { CofferError } from "#base/errors.ts";
import { JsonReader } from "#format/json-reader.ts";
import { TreeCursor } from "#format/tree-decode.ts";

const ID_BYTES = 32;

export interface TreeBlobs {
  /** Ids of folders' trees, joined; repeated as often as they occur. */
  readonly children: Uint8Array;
  /** Ids of data blobs, joined. */
  readonly content: Uint8Array;
}

/** A byte array that grows by doubling. */
class IdList {
  #bytes = new Uint8Array(64 * ID_BYTES);
  #length = 0;

  /** Appends 32 bytes written by the caller into the returned array at the returned place. */
  reserve(): { readonly bytes: Uint8Array; readonly at: number } {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    const at = this.#length;
    this.#length += ID_BYTES;
    return { bytes: this.#bytes, at };
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/**
 * Lists every id that any entry names, whatever the entry's type: what is listed is kept.
 * @throws BAD_TREE when the bytes are no tree or an id is malformed
 */
export function treeBlobs(bytes: Uint8Array, what: string): TreeBlobs {
  const children = new IdList();
  const content = new IdList();
  const cursor = new TreeCursor(bytes, { what });
  while (cursor.next()) {
    const reader = new JsonReader(bytes, "BAD_TREE", what, cursor.nodeStart, cursor.nodeEnd);
    for (let more = reader.openObject(); more; more = reader.nextMember()) {
      const key = reader.key();
      if (key === "subtree" && !reader.isNull()) readId(reader, children, what);
      else if (key === "content" && !reader.isNull()) {
        for (let next = reader.openArray(); next; next = reader.nextItem()) {
          readId(reader, content, what);
        }
      } else if (key !== "subtree" && key !== "content") reader.skip();
    }
  }
  return { children: children.take(), content: content.take() };
}

/** 0 to 15 per hex digit, either case; 255 for any other byte. */
const DIGIT = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i++) {
  DIGIT[i.toString(16).charCodeAt(0)] = i;
  DIGIT[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

function readId(reader: JsonReader, list: IdList, what: string): void {
  reader.locateString();
  const { bytes: text, stringStart, stringEnd } = reader;
  let bad = stringEnd - stringStart === 2 * ID_BYTES ? 0 : 255;
  if (bad === 0) {
    const { bytes, at } = list.reserve();
    for (let i = 0; i < ID_BYTES; i++) {
      const high = DIGIT[text[stringStart + 2 * i]!]!;
      const low = DIGIT[text[stringStart + 2 * i + 1]!]!;
      bad |= high | low;
      bytes[at + i] = (high << 4) | (low & 15);
    }
  }
  if (bad > 15) throw new CofferError("BAD_TREE", `${what} names an id that is not 64 hex digits`);
}
