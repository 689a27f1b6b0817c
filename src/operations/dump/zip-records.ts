/** The records of a zip archive (PKWARE APPNOTE 6.3.10), zip64 where numbers need it. */
import { concatBytes } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";

export interface ZipEntry {
  /** Raw bytes; folders end in a slash. */
  readonly name: Uint8Array;
  /** The name is UTF-8, and says so. */
  readonly isUtf8: boolean;
  readonly mtime: Timestamp;
  /** Minutes ahead of UTC, for the old kind of time. */
  readonly offsetMinutes: number;
  readonly uid: number;
  readonly gid: number;
  /** As stat(2) has it, type included. */
  readonly mode: number;
  readonly isFolder: boolean;
  readonly method: 0 | 8;
  /** Numbers follow the content, in a descriptor. */
  readonly streamed: boolean;
  /** The content may have 4 GiB or more. */
  readonly large: boolean;
}

export interface ZipNumbers {
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
}

const FULL_32 = 0xffff_ffff;
const FULL_16 = 0xffff;
/** Version 4.5 of the format: zip64. */
const VERSION = 45;
const UNIX = 3;

/** Little-endian numbers one after the other. */
class Fields {
  readonly #bytes: number[] = [];

  u16(...values: number[]): this {
    for (const value of values) this.#bytes.push(value & 0xff, (value >>> 8) & 0xff);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) this.u16(value & 0xffff, (value >>> 16) & 0xffff);
    return this;
  }

  u64(...values: number[]): this {
    for (const value of values) this.u32(value >>> 0, Math.floor(value / 2 ** 32));
    return this;
  }

  u8(...values: number[]): this {
    this.#bytes.push(...values);
    return this;
  }

  take(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

function flagsOf({ streamed, isUtf8 }: ZipEntry): number {
  return (streamed ? 0x8 : 0) | (isUtf8 ? 0x800 : 0);
}

/** Time and date of MS-DOS: two-second steps from 1980 on. */
function dosTime({ mtime, offsetMinutes }: ZipEntry): {
  readonly time: number;
  readonly date: number;
} {
  const first = Date.UTC(1980, 0, 1);
  const last = Date.UTC(2107, 11, 31, 23, 59, 58);
  const ms = (mtime.seconds + offsetMinutes * 60) * 1000;
  const at = new Date(Math.min(last, Math.max(first, ms)));
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}

/** Unix time and owner (Info-ZIP's `UT` and `ux`). */
function unixExtra({ mtime, uid, gid }: ZipEntry): Uint8Array {
  const fields = new Fields();
  if (mtime.seconds >= -0x8000_0000 && mtime.seconds <= 0x7fff_ffff) {
    fields.u16(0x5455, 5).u8(1).u32(mtime.seconds);
  }
  return fields.u16(0x7875, 11).u8(1, 4).u32(uid).u8(4).u32(gid).take();
}

/** What precedes the content. Streamed entries state no numbers yet. */
export function localHeader(entry: ZipEntry, numbers: ZipNumbers): Uint8Array {
  const { streamed, large, method, name } = entry;
  const { time, date } = dosTime(entry);
  // What is stored as it is has no end of its own: whoever reads a stream needs its size.
  const sized = !streamed || method === 0;
  const crc = streamed ? 0 : numbers.crc;
  const packed = sized ? numbers.packed : 0;
  const size = sized ? numbers.size : 0;
  const wide = large ? new Fields().u16(1, 16).u64(size, packed).take() : new Uint8Array(0);
  const extra = concatBytes([wide, unixExtra(entry)]);
  const header = new Fields()
    .u32(0x0403_4b50)
    .u16(large ? VERSION : 20, flagsOf(entry), method, time, date)
    .u32(crc, large ? FULL_32 : packed, large ? FULL_32 : size)
    .u16(name.length, extra.length);
  return concatBytes([header.take(), name, extra]);
}

/** What follows the content of a streamed entry. */
export function dataDescriptor({ large }: ZipEntry, { crc, packed, size }: ZipNumbers): Uint8Array {
  const fields = new Fields().u32(0x0807_4b50, crc);
  return (large ? fields.u64(packed, size) : fields.u32(packed, size)).take();
}

/** The entry in the directory at the end. @param offset of its local header */
export function centralHeader(entry: ZipEntry, numbers: ZipNumbers, offset: number): Uint8Array {
  const { time, date } = dosTime(entry);
  const { crc, packed, size } = numbers;
  const wide = [size, packed, offset].filter((value) => value >= FULL_32);
  const zip64 =
    wide.length > 0
      ? new Fields()
          .u16(1, 8 * wide.length)
          .u64(...wide)
          .take()
      : new Uint8Array(0);
  const extra = concatBytes([zip64, unixExtra(entry)]);
  const narrow = (value: number): number => Math.min(value, FULL_32);
  const header = new Fields()
    .u32(0x0201_4b50)
    .u16((UNIX << 8) | VERSION, entry.large || wide.length > 0 ? VERSION : 20)
    .u16(flagsOf(entry), entry.method, time, date)
    .u32(crc, narrow(packed), narrow(size))
    .u16(entry.name.length, extra.length, 0, 0, 0)
    .u32(((entry.mode << 16) | (entry.isFolder ? 0x10 : 0)) >>> 0, narrow(offset));
  return concatBytes([header.take(), entry.name, extra]);
}

/** What ends an archive: counts, and where the central directory lies. */
export function endRecords(count: number, size: number, offset: number): Uint8Array {
  const fields = new Fields();
  if (count >= FULL_16 || size >= FULL_32 || offset >= FULL_32) {
    fields
      .u32(0x0606_4b50)
      .u64(44)
      .u16((UNIX << 8) | VERSION, VERSION)
      .u32(0, 0);
    fields.u64(count, count, size, offset);
    fields
      .u32(0x0706_4b50, 0)
      .u64(offset + size)
      .u32(1);
  }
  const entries = Math.min(count, FULL_16);
  fields.u32(0x0605_4b50).u16(0, 0, entries, entries);
  return fields.u32(Math.min(size, FULL_32), Math.min(offset, FULL_32)).u16(0).take();
}
