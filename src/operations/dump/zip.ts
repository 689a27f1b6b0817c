/** A folder as a zip stream: compressed as it goes, sizes and checksums after the content. */
import { concatBytes, utf8 } from "#base/bytes.ts";
import type { Clock } from "#base/clock.ts";
import type { NodeType } from "#format/node.ts";
import { isUtf8 } from "#format/utf8-go.ts";
import { crc32 } from "#operations/dump/crc32.ts";
import type { ArchiveEntry, ArchiveItem } from "#operations/dump/dump-types.ts";
import { permissionBits, TYPE_BITS } from "#operations/dump/unix-mode.ts";
import {
  centralHeader,
  dataDescriptor,
  endRecords,
  localHeader,
  type ZipEntry,
  type ZipNumbers,
} from "#operations/dump/zip-records.ts";

/** Content of this size may pass 4 GiB when it does not compress. */
const LARGE = 0xf000_0000;

const SLASH = utf8("/");
const NONE = new Uint8Array(0);

/** Whether a zip can hold such an entry: files, folders and links. */
export function fitsZip(type: NodeType): boolean {
  return TYPE_BITS[type] !== undefined;
}

/**
 * Yields the archive piece by piece. Memory: what the items hold, and the central directory, about
 * 100 bytes and a path an entry. Hard links become files of their own.
 */
export async function* writeZip(
  items: AsyncIterable<ArchiveItem>,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const central: Uint8Array[] = [];
  let offset = 0;
  for await (const { entry, content } of items) {
    const start = offset;
    const zip = describe(entry, clock);
    let numbers = fixedNumbers(entry);
    const head = localHeader(zip, numbers);
    offset += head.length;
    yield head;
    if (zip.streamed) {
      const packing = new Packing();
      const packed = zip.method === 8 ? packing.pack(content) : packing.store(content);
      for await (const bytes of packed) {
        offset += bytes.length;
        yield bytes;
      }
      numbers = packing.numbers;
      const tail = dataDescriptor(zip, numbers);
      offset += tail.length;
      yield tail;
    } else if (numbers.size > 0) {
      offset += numbers.size;
      yield entry.node.linkTarget ?? NONE;
    }
    central.push(centralHeader(zip, numbers, start));
  }
  const size = central.reduce((sum, header) => sum + header.length, 0);
  yield* central;
  yield endRecords(central.length, size, offset);
}

function describe({ path, node, size, compressible }: ArchiveEntry, clock: Clock): ZipEntry {
  const isFolder = node.type === "dir";
  const streamed = node.type === "file" && size > 0;
  return {
    name: isFolder ? concatBytes([path, SLASH]) : path,
    isUtf8: isUtf8(path),
    mtime: node.mtime,
    offsetMinutes: clock.offsetMinutesAt(node.mtime.seconds),
    uid: node.uid,
    gid: node.gid,
    mode: TYPE_BITS[node.type]! | permissionBits(node.mode),
    isFolder,
    method: streamed && compressible ? 8 : 0,
    streamed,
    large: size >= LARGE,
  };
}

/** As far as known before the content: a link's is its target. */
function fixedNumbers({ node, size }: ArchiveEntry): ZipNumbers {
  if (size > 0) return { crc: 0, packed: size, size };
  const content = node.type === "symlink" ? (node.linkTarget ?? NONE) : NONE;
  return { crc: crc32(content), packed: content.length, size: content.length };
}

/** Deflates or stores one file and counts. */
class Packing {
  #crc = 0;
  #size = 0;
  #packed = 0;

  get numbers(): ZipNumbers {
    return { crc: this.#crc, packed: this.#packed, size: this.#size };
  }

  /** As it is: the content does not compress. */
  async *store(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of content) {
      this.#crc = crc32(bytes, this.#crc);
      this.#size += bytes.length;
      this.#packed += bytes.length;
      yield bytes;
    }
  }

  async *pack(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { writable, readable } = new CompressionStream("deflate-raw");
    const writer = writable.getWriter();
    const reader = readable.getReader();
    const feeding = this.#feed(content, writer);
    // Its error arrives through the reader as well; here it only must not go unheard.
    feeding.catch(() => undefined);
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      this.#packed += next.value.length;
      yield next.value;
    }
    await feeding;
  }

  async #feed(
    content: AsyncIterable<Uint8Array>,
    writer: ReturnType<CompressionStream["writable"]["getWriter"]>,
  ): Promise<void> {
    try {
      for await (const bytes of content) {
        this.#crc = crc32(bytes, this.#crc);
        this.#size += bytes.length;
        await writer.write(bytes as Uint8Array<ArrayBuffer>);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  }
}
