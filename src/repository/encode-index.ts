/**
 * Index files straight from the typed arrays of finished packs: the text of 50,000 blobs without an
 * object for each (docs/format.md, section 7). The same bytes as `format/index-file.ts`, which a
 * test compares; measured 8 times as fast.
 */
import { utf8 } from "#base/bytes.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";

/**
 * A blob's text is at most this long: its id, type, two numbers of ten digits, a third one, keys.
 */
const BLOB_TEXT = 190;
const PACK_TEXT = 96;

const HEX = utf8("0123456789abcdef");

class TextBuffer {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  ascii(text: Uint8Array): void {
    this.#bytes.set(text, this.#at);
    this.#at += text.length;
  }

  hex(id: Uint8Array, from: number): void {
    const out = this.#bytes;
    let at = this.#at;
    for (let i = from; i < from + 32; i++) {
      out[at++] = HEX[id[i]! >> 4]!;
      out[at++] = HEX[id[i]! & 15]!;
    }
    this.#at = at;
  }

  decimal(value: number): void {
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const next = Math.floor(rest / 10);
      this.#bytes[at] = 0x30 + (rest - 10 * next);
      rest = next;
    }
    this.#at += digits;
  }

  /** Takes the last character back. */
  back(): void {
    this.#at--;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

const START = utf8('{"packs":[');
const PACK = utf8('{"id":"');
const BLOBS = utf8('","blobs":[');
const BLOB = utf8('{"id":"');
const TYPE = { data: utf8('","type":"data","offset":'), tree: utf8('","type":"tree","offset":') };
const LENGTH = utf8(',"length":');
const RAW = utf8(',"uncompressed_length":');
const BLOB_END = utf8("},");
const PACK_END = utf8("]},");
const END = utf8("]}\n");

/** JSON bytes of an index file that lists the packs, with the newline that restic writes. */
export function encodeIndex(packs: readonly FinishedPack[]): Uint8Array {
  let size = START.length + END.length;
  for (const pack of packs) size += PACK_TEXT + BLOB_TEXT * pack.lengths.length;
  const text = new TextBuffer(size);
  text.ascii(START);
  for (const pack of packs) encodePack(text, pack);
  if (packs.length > 0) text.back();
  text.ascii(END);
  return text.take();
}

function encodePack(text: TextBuffer, pack: FinishedPack): void {
  text.ascii(PACK);
  text.hex(pack.id, 0);
  text.ascii(BLOBS);
  let offset = 0;
  for (let i = 0; i < pack.lengths.length; i++) {
    text.ascii(BLOB);
    text.hex(pack.ids, 32 * i);
    text.ascii(TYPE[pack.type]);
    text.decimal(offset);
    text.ascii(LENGTH);
    text.decimal(pack.lengths[i]!);
    if (pack.rawLengths[i]! > 0) {
      text.ascii(RAW);
      text.decimal(pack.rawLengths[i]!);
    }
    text.ascii(BLOB_END);
    offset += pack.lengths[i]!;
  }
  if (pack.lengths.length > 0) text.back();
  text.ascii(PACK_END);
}
