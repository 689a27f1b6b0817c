/**
 * A place in a tree that moves forward, without an object for the whole (docs/format.md, section
 * 9). It hands out raw bytes; decoding a node is a separate step that most nodes of a backup never
 * need.
 */
import { compareBytes } from "#base/bytes.ts";
import { isCofferError, type CofferError } from "#base/errors.ts";
import { JsonReader } from "#format/json-reader.ts";
import { skipKey, skipValue, skipWhitespace } from "#format/json-skip.ts";
import { decodeNode } from "#format/node-decode.ts";
import { nameFromJson, quoteName } from "#format/node-name.ts";
import type { Node } from "#format/node.ts";

export interface TreeReadOptions {
  /** Names the tree in errors. */
  readonly what?: string | undefined;
  /** Refuse names that are not in strictly ascending order; off for reading, as in restic. */
  readonly strict?: boolean | undefined;
}

/**
 * Walks a tree forward. After {@link next} returned true, the other members describe the current
 * node. Every method may throw BAD_TREE; memory is the tree's own bytes.
 */
export class TreeCursor {
  readonly bytes: Uint8Array;
  /** The current node is `bytes[nodeStart, nodeEnd)`. */
  nodeStart = 0;
  nodeEnd = 0;
  readonly #reader: JsonReader;
  readonly #what: string;
  readonly #strict: boolean;
  #state: "before" | "inside" | "after" = "before";
  /** Inside of the current name's JSON string. */
  #nameStart = -1;
  #nameEnd = -1;
  #name: Uint8Array | undefined;

  constructor(bytes: Uint8Array, options: TreeReadOptions = {}) {
    this.bytes = bytes;
    this.#what = options.what ?? "The tree";
    this.#strict = options.strict ?? false;
    this.#reader = new JsonReader(bytes, "BAD_TREE", this.#what);
  }

  /** Moves to the next node; false at the end. The node's JSON syntax has then been checked. */
  next(): boolean {
    const previous = this.#strict && this.#state === "inside" ? this.name : undefined;
    if (!this.#advance()) return false;
    this.#name = undefined;
    this.#scanNode();
    if (previous !== undefined && compareBytes(previous, this.name) >= 0) {
      this.#reader.fail(`"${quoteName(this.name)}" is out of order or repeated`);
    }
    return true;
  }

  /**
   * As {@link next}, and decodes the node in the same pass: for those who want every node. Its
   * error, if it has one, is in {@link decoded}; faults of the JSON itself are thrown as there.
   */
  nextDecoded(): boolean {
    if (!this.#advance()) return false;
    const reader = this.#reader;
    const start = reader.pos;
    this.#name = undefined;
    try {
      reader.peek();
      this.nodeStart = reader.pos;
      const node = decodeNode(reader);
      this.nodeEnd = reader.pos;
      this.#name = node.name;
      this.decoded = node;
    } catch (error) {
      if (!isCofferError(error)) throw error;
      reader.pos = start;
      this.#scanNode();
      this.decoded = error;
    }
    return true;
  }

  /** What {@link nextDecoded} made of the current node. */
  decoded: Node | CofferError | undefined;

  #advance(): boolean {
    if (this.#state === "after") return false;
    const more = this.#state === "before" ? this.#enter() : this.#reader.nextItem();
    this.#state = more ? "inside" : "after";
    if (!more) this.#leave();
    return more;
  }

  /** Passes everything up to the first node. */
  #enter(): boolean {
    const reader = this.#reader;
    for (let more = reader.openObject(); more; more = reader.nextMember()) {
      if (reader.key() === "nodes") return reader.openArray();
      reader.skip();
    }
    return reader.fail("it has no list of nodes");
  }

  /** Checks what follows the last node. */
  #leave(): void {
    const reader = this.#reader;
    while (reader.nextMember()) {
      if (reader.key() === "nodes") reader.fail("it has two lists of nodes");
      reader.skip();
    }
    reader.finish();
  }

  /** Finds the end of the node and its name, checking the syntax on the way. */
  #scanNode(): void {
    const { bytes } = this;
    const { end } = this.#reader;
    let at = skipWhitespace(bytes, this.#reader.pos, end);
    if (bytes[at] !== 0x7b) this.#reader.fail("an entry that is not an object");
    this.nodeStart = at;
    this.#nameStart = -1;
    at = skipWhitespace(bytes, at + 1, end);
    if (bytes[at] === 0x7d) this.#reader.fail("an entry without name");
    for (;;) {
      const key = skipWhitespace(bytes, at, end);
      at = skipKey(bytes, key, end);
      if (at < 0) this.#reader.failSkip(at);
      const value = skipWhitespace(bytes, at, end);
      at = skipValue(bytes, value, end, 2);
      if (at < 0) this.#reader.failSkip(at);
      if (isNameKey(bytes, key)) {
        if (bytes[value] !== 0x22) this.#reader.fail("a name that is not a text");
        this.#nameStart = value + 1;
        this.#nameEnd = at - 1;
      }
      at = skipWhitespace(bytes, at, end);
      const mark = at < end ? bytes[at] : -1;
      if (mark !== 0x2c && mark !== 0x7d) this.#reader.failSkip(~at);
      at++;
      if (mark === 0x7d) break;
    }
    this.nodeEnd = at;
    this.#reader.pos = at;
    if (this.#nameStart < 0) this.#reader.fail("an entry without name");
  }

  /** The current node's bytes as they stand: a view into the tree. */
  get rawNode(): Uint8Array {
    return this.bytes.subarray(this.nodeStart, this.nodeEnd);
  }

  /** True when the current node's bytes are exactly these. */
  rawEquals(node: Uint8Array): boolean {
    const { bytes, nodeStart } = this;
    if (this.nodeEnd - nodeStart !== node.length) return false;
    for (let i = 0; i < node.length; i++) if (bytes[nodeStart + i] !== node[i]) return false;
    return true;
  }

  /** The current raw name, unquoted, decoded once. */
  get name(): Uint8Array {
    return (this.#name ??= nameFromJson(this.bytes, this.#nameStart, this.#nameEnd));
  }

  /** Negative, zero or positive as the current name is below, equal to or above the given one. */
  compareName(name: Uint8Array): number {
    const { bytes } = this;
    const end = this.#nameEnd;
    let at = this.#nameStart;
    for (let i = 0; ; i++, at++) {
      if (at === end) return i - name.length;
      const byte = bytes[at]!;
      // Escapes and non-ASCII text are compared as what they mean.
      if (byte === 0x5c || byte >= 0x80) return compareBytes(this.name, name);
      if (i === name.length) return 1;
      const difference = byte - name[i]!;
      if (difference !== 0) return difference;
    }
  }

  nameEquals(name: Uint8Array): boolean {
    return this.compareName(name) === 0;
  }

  /**
   * Moves forward to the first node whose name is not below the given one; the current node counts.
   * True when the names are equal. Asked for ascending names, it walks the tree once.
   */
  seek(name: Uint8Array): boolean {
    if (this.#state === "before" && !this.next()) return false;
    while (this.#state === "inside") {
      const order = this.compareName(name);
      if (order >= 0) return order === 0;
      if (!this.next()) return false;
    }
    return false;
  }

  /**
   * The current node, decoded; it owns its bytes.
   * @throws BAD_TREE, TOO_LARGE as `decodeNode` does
   */
  decode(): Node {
    const { nodeStart, nodeEnd } = this;
    return decodeNode(new JsonReader(this.bytes, "BAD_TREE", this.#what, nodeStart, nodeEnd));
  }
}

/** Whether the JSON string at `at` is the key "name". An escaped spelling is found by decoding. */
function isNameKey(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 1] === 0x6e && bytes[at + 2] === 0x61) {
    return bytes[at + 3] === 0x6d && bytes[at + 4] === 0x65 && bytes[at + 5] === 0x22;
  }
  if (bytes[at + 1] !== 0x5c && bytes[at + 1] !== 0x6e) return false;
  return new JsonReader(bytes, "BAD_TREE", "The tree", at).key() === "name";
}
