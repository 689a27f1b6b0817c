/** Descriptions of made-up files and folders, for {@link MemorySource}; plain data. */
import { utf8 } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";
import type { ExtendedAttribute } from "#format/node.ts";

/** Bytes of a made-up file. `read` fills `into[at, at + length)` with the bytes from `position`. */
export interface MemoryContent {
  readonly size: number;
  read(position: number, into: Uint8Array, at: number, length: number): void;
}

/** Metadata that a test cares about; the rest is filled in, always the same way. */
export interface EntryFacts {
  /** Permission, setuid, setgid and sticky bits as `chmod` takes them. */
  readonly permissions?: number;
  readonly mtime?: Timestamp;
  readonly atime?: Timestamp;
  readonly uid?: number;
  readonly gid?: number;
  readonly user?: string;
  readonly group?: string;
  readonly deviceId?: bigint;
  readonly xattrs?: readonly ExtendedAttribute[];
}

/** A name: text stands for its UTF-8 bytes. */
export type EntryName = string | Uint8Array;

export type EntryDescription =
  | ({ readonly type: "file"; readonly content: MemoryContent } & EntryFacts)
  | ({
      readonly type: "dir";
      readonly entries: readonly (readonly [EntryName, EntryDescription])[];
    } & EntryFacts)
  | ({ readonly type: "symlink"; readonly target: Uint8Array } & EntryFacts)
  | ({ readonly type: "dev" | "chardev"; readonly device: bigint } & EntryFacts)
  | ({ readonly type: "fifo" | "socket" } & EntryFacts);

/** A regular file of these bytes; the array must not change later. */
export function fileOf(content: string | Uint8Array | MemoryContent, facts: EntryFacts = {}) {
  return { type: "file", content: contentOf(content), ...facts } satisfies EntryDescription;
}

/** A folder. Entries as an object when all names are text, else as pairs. */
export function folderOf(
  entries:
    | Readonly<Record<string, EntryDescription>>
    | readonly (readonly [EntryName, EntryDescription])[],
  facts: EntryFacts = {},
) {
  const pairs = Array.isArray(entries)
    ? (entries as readonly (readonly [EntryName, EntryDescription])[])
    : Object.entries(entries as Readonly<Record<string, EntryDescription>>);
  return { type: "dir", entries: pairs, ...facts } satisfies EntryDescription;
}

/** A symlink; text becomes its UTF-8 bytes. */
export function symlinkTo(target: string | Uint8Array, facts: EntryFacts = {}) {
  return { type: "symlink", target: bytesOf(target), ...facts } satisfies EntryDescription;
}

/** Text becomes its UTF-8 bytes. */
export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? utf8(text) : text;
}

function contentOf(content: string | Uint8Array | MemoryContent): MemoryContent {
  if (typeof content === "string") return bytesContent(utf8(content));
  return content instanceof Uint8Array ? bytesContent(content) : content;
}

/** Content held in memory. */
export function bytesContent(bytes: Uint8Array): MemoryContent {
  return {
    size: bytes.length,
    read(position, into, at, length) {
      into.set(bytes.subarray(position, position + length), at);
    },
  };
}

/**
 * Incompressible content of any size that takes no memory: byte `i` depends on `seed` and `i` only,
 * so that reads of any length give the same file. Not random enough for anything but tests.
 */
export function noiseContent(size: number, seed: number): MemoryContent {
  return {
    size,
    read(position, into, at, length) {
      for (let i = 0; i < length; i++) into[at + i] = noiseByte(position + i, seed);
    },
  };
}

/** Finalizer of MurmurHash3 over the number of the four-byte word. */
function noiseByte(position: number, seed: number): number {
  let h = (Math.floor(position / 4) ^ Math.imul(seed, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> ((position % 4) * 8)) & 0xff;
}
