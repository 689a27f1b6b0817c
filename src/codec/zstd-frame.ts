/**
 * Reads the outline of a Zstandard frame without decoding it (RFC 8878, section 3.1): where it
 * ends, what it claims. Decoders bound their memory by this before they allocate, and learn here
 * that the input is exactly one complete frame. docs/format.md, section 11.
 */
import { CofferError } from "#base/errors.ts";

export interface FrameOutline {
  /** What the header says, or undefined where it says nothing (restic's small frames). */
  readonly contentSize: number | undefined;
  /** Bytes of history that a decoder must keep. */
  readonly windowSize: number;
  /** No decoding gives more than this: the content size, else the sum of the blocks' limits. */
  readonly mostContent: number;
}

const MAGIC = 0xfd2fb528;
/** Block_Maximum_Size, RFC 8878, section 3.1.1.2.4. */
const MAX_BLOCK = 128 * 1024;
/** RFC 8878, section 3.1.1.1.2, recommends that decoders support at least this. */
const ALWAYS_ACCEPTED_WINDOW = 8 * 1024 * 1024;

function bad(detail: string): CofferError {
  return new CofferError("BAD_FORMAT", `Compressed data is damaged: ${detail}`);
}

/**
 * The outline of a buffer that must hold exactly one frame.
 * @throws BAD_FORMAT on another magic number, a reserved bit, a dictionary, truncation, trailing
 *   bytes
 * @throws TOO_LARGE when content or window exceed `maxLength` (a window up to 8 MiB is always
 *   taken)
 */
export function readFrameOutline(frame: Uint8Array, maxLength: number): FrameOutline {
  const header = readHeader(frame);
  const { contentSize, windowSize } = header;
  if (contentSize !== undefined && contentSize > maxLength) throw tooLarge(maxLength);
  if (windowSize > Math.max(maxLength, ALWAYS_ACCEPTED_WINDOW)) throw tooLarge(maxLength);
  const blocksMost = walkBlocks(frame, header);
  return { contentSize, windowSize, mostContent: contentSize ?? blocksMost };
}

/** The error of content beyond what the caller allowed. */
export function tooLarge(maxLength: number): CofferError {
  return new CofferError(
    "TOO_LARGE",
    `Compressed data claims more than the ${maxLength} bytes allowed here`,
    { data: { maxLength } },
  );
}

interface Header {
  readonly end: number;
  readonly contentSize: number | undefined;
  readonly windowSize: number;
  readonly checksum: boolean;
}

function readHeader(frame: Uint8Array): Header {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 6 || view.getUint32(0, true) !== MAGIC) throw bad("no zstd frame");
  const descriptor = frame[4]!;
  if ((descriptor & 0x08) !== 0) throw bad("reserved bit is set");
  if ((descriptor & 0x03) !== 0) throw bad("it asks for a dictionary");
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeLength = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  const end = 5 + (single ? 0 : 1) + sizeLength;
  if (frame.length < end) throw bad("truncated header");
  const contentSize = readContentSize(view, end - sizeLength, sizeLength);
  const windowSize = single ? contentSize! : windowOf(frame[5]!);
  return { end, contentSize, windowSize, checksum: (descriptor & 0x04) !== 0 };
}

function readContentSize(view: DataView, at: number, length: number): number | undefined {
  if (length === 0) return undefined;
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  if (length === 4) return view.getUint32(at, true);
  // Sizes above 2^53 lose precision here, which is harmless: they are refused as too large.
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Checks that the blocks fill the buffer to its end; gives the most that they can expand to. */
function walkBlocks(frame: Uint8Array, header: Header): number {
  const blockLimit = Math.min(header.windowSize, MAX_BLOCK);
  let at = header.end;
  let most = 0;
  for (let last = false; !last;) {
    if (at + 3 > frame.length) throw bad("truncated");
    const word = frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);
    last = (word & 1) !== 0;
    const type = (word >> 1) & 3;
    const size = word >> 3;
    if (type === 3) throw bad("reserved block type");
    if (size > MAX_BLOCK) throw bad("block beyond its limit");
    most += type === 2 ? blockLimit : size;
    at += 3 + (type === 1 ? 1 : size);
  }
  if (header.checksum) at += 4;
  if (at > frame.length) throw bad("truncated");
  if (at < frame.length) throw bad("bytes follow after its end");
  return most;
}

/** Checks a decoder's result against the outline. @throws BAD_FORMAT when the lengths differ */
export function checkContentLength(outline: FrameOutline, length: number): void {
  if (outline.contentSize !== undefined && outline.contentSize !== length) {
    throw bad(`content has ${length} bytes, its header says ${outline.contentSize}`);
  }
}

/** The error for what a decoder itself rejects. */
export function undecodable(cause: unknown): CofferError {
  return new CofferError("BAD_FORMAT", "Compressed data is damaged", { cause });
}
