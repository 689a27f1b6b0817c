/**
 * A pull reader over JSON bytes. It loses nothing that `JSON.parse` loses (integers above 2^53,
 * unknown fields as raw text), builds no objects, and refuses hostile input: depth is bounded,
 * every value is checked as it is passed, errors say what and where (docs/format.md, sections 7 to
 * 9).
 */
import { CofferError } from "#base/errors.ts";
import { decodeUtf8 } from "#format/utf8-go.ts";
import {
  plainStringEnd,
  skipNumber,
  skipString,
  skipValue,
  skipWhitespace,
} from "#format/json-skip.ts";
import { unescapeJson } from "#format/json-unescape.ts";

const QUOTE = 0x22;
const SLOTS = 512;

/** Short strings repeat in every node: keys, types, user names. One shared copy of each is kept. */
const internedBytes: (Uint8Array | undefined)[] = Array.from({ length: SLOTS });
const internedText: string[] = Array.from({ length: SLOTS }, () => "");

/**
 * Reads one value after the other, in the order of the text:
 * `for (let more = r.openObject(); more; more = r.nextMember()) { const key = r.key(); … }`.
 * Every method throws the given code when the text is not what the method reads.
 */
export class JsonReader {
  readonly bytes: Uint8Array;
  /** Offset of the next unread byte. */
  pos: number;
  readonly end: number;
  /** Where the inside of the last string began and ended; see {@link locateString}. */
  stringStart = 0;
  stringEnd = 0;
  readonly #code: "BAD_FORMAT" | "BAD_TREE";
  readonly #what: string;

  /** @param what names the object in errors: `The snapshot 1a2b3c4d` */
  constructor(
    bytes: Uint8Array,
    code: "BAD_FORMAT" | "BAD_TREE",
    what: string,
    start = 0,
    end = bytes.length,
  ) {
    this.bytes = bytes;
    this.#code = code;
    this.#what = what;
    this.pos = start;
    this.end = end;
  }

  fail(reason: string): never {
    throw new CofferError(this.#code, `${this.#what} is damaged at byte ${this.pos}: ${reason}`);
  }

  /** The next byte that is not white space, without consuming it; -1 at the end. */
  peek(): number {
    this.pos = skipWhitespace(this.bytes, this.pos, this.end);
    return this.pos < this.end ? this.bytes[this.pos]! : -1;
  }

  /** Enters an object; true when it has a member to read with {@link key}. */
  openObject(): boolean {
    return this.#open(0x7b, 0x7d, "an object");
  }

  /** After a member's value: true when another member follows. */
  nextMember(): boolean {
    return this.#next(0x7d);
  }

  /** Enters an array; true when it has an item. */
  openArray(): boolean {
    return this.#open(0x5b, 0x5d, "a list");
  }

  /** After an item: true when another follows. */
  nextItem(): boolean {
    return this.#next(0x5d);
  }

  #open(bracket: number, closing: number, expected: string): boolean {
    if (this.peek() !== bracket) this.fail(`expected ${expected}`);
    this.pos++;
    if (this.peek() !== closing) return true;
    this.pos++;
    return false;
  }

  #next(closing: number): boolean {
    const byte = this.peek();
    if (byte !== 0x2c && byte !== closing) this.fail("expected a comma or the end of a group");
    this.pos++;
    return byte === 0x2c;
  }

  /** A member's name; its value comes next. */
  key(): string {
    const key = this.shortString();
    if (this.peek() !== 0x3a) this.fail("expected a colon");
    this.pos++;
    return key;
  }

  /**
   * Passes a string and leaves its place in `stringStart` and `stringEnd`; true if it has escapes.
   */
  locateString(): boolean {
    if (this.peek() !== QUOTE) this.fail("expected a text");
    this.stringStart = this.pos + 1;
    const plain = plainStringEnd(this.bytes, this.pos, this.end);
    if (plain >= 0) {
      this.stringEnd = plain;
      this.pos = plain + 1;
      return false;
    }
    const after = skipString(this.bytes, this.pos, this.end);
    if (after < 0) this.failSkip(after);
    this.stringEnd = after - 1;
    this.pos = after;
    return true;
  }

  /** A string, escapes resolved; invalid UTF-8 becomes U+FFFD as in Go. */
  string(): string {
    const escaped = this.locateString();
    const text = decodeUtf8(this.bytes, this.stringStart, this.stringEnd);
    return escaped ? unescapeJson(text) : text;
  }

  /** Like {@link string}, for values that occur again and again: returns one shared copy. */
  shortString(): string {
    const escaped = this.locateString();
    const { bytes, stringStart: start, stringEnd: end } = this;
    const length = end - start;
    if (escaped || length === 0 || length > 32) {
      const text = decodeUtf8(bytes, start, end);
      return escaped ? unescapeJson(text) : text;
    }
    const slot = (bytes[start]! * 31 + bytes[end - 1]! * 7 + length * 131) & (SLOTS - 1);
    const known = internedBytes[slot];
    if (known?.length === length) {
      let i = 0;
      while (i < length && known[i] === bytes[start + i]) i++;
      if (i === length) return internedText[slot]!;
    }
    internedBytes[slot] = bytes.slice(start, end);
    return (internedText[slot] = decodeUtf8(bytes, start, end));
  }

  /** Consumes `null` if it is next. Go reads null as "not given" for every field. */
  isNull(): boolean {
    if (this.peek() !== 0x6e) return false;
    this.skip();
    return true;
  }

  boolean(): boolean {
    const byte = this.peek();
    if (byte !== 0x74 && byte !== 0x66) this.fail("expected true or false");
    this.skip();
    return byte === 0x74;
  }

  /** A whole number from 0 to `max`. Above 2^53 - 1 it throws TOO_LARGE. */
  uint(max = Number.MAX_SAFE_INTEGER): number {
    const start = this.#passDigits();
    let value = 0;
    for (let i = start; i < this.pos; i++) value = value * 10 + (this.bytes[i]! - 0x30);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new CofferError(
        "TOO_LARGE",
        `${this.#what} holds a number that is too large: ${value}`,
      );
    }
    if (value > max) this.fail(`the number is above ${max}`);
    return value;
  }

  /** A whole number from 0 to 2^64 - 1, exact. */
  uint64(): bigint {
    const start = this.#passDigits();
    if (this.pos - start <= 15) {
      let small = 0;
      for (let i = start; i < this.pos; i++) small = small * 10 + (this.bytes[i]! - 0x30);
      return small === 0 ? 0n : BigInt(small);
    }
    const value = BigInt(decodeUtf8(this.bytes, start, this.pos));
    if (value > 0xffff_ffff_ffff_ffffn) this.fail("the number does not fit 64 bits");
    return value;
  }

  #passDigits(): number {
    this.peek();
    const start = this.pos;
    const after = skipNumber(this.bytes, start, this.end);
    let i = start;
    while (i < this.end && this.bytes[i]! >= 0x30 && this.bytes[i]! <= 0x39) i++;
    if (after < 0 || i !== after) this.fail("expected a whole number, not negative");
    if (i - start > 20) this.fail("the number does not fit 64 bits");
    this.pos = i;
    return start;
  }

  /** Passes a value of any kind, checking its syntax. */
  skip(): void {
    const after = skipValue(this.bytes, this.pos, this.end);
    if (after < 0) this.failSkip(after);
    this.pos = after;
  }

  /** Reports the fault that a skipping function found. */
  failSkip(after: number): never {
    this.pos = ~after;
    return this.fail(this.pos >= this.end ? "it ends too early" : "not valid JSON");
  }

  /** Passes a value of any kind and returns its text as it stands. */
  raw(): string {
    this.peek();
    const start = this.pos;
    this.skip();
    return decodeUtf8(this.bytes, start, this.pos);
  }

  /** Nothing but white space may follow. */
  finish(): void {
    if (this.peek() !== -1) this.fail("more data follows the end");
  }
}
