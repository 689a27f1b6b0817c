/**
 * The plain blob index: a Map from type and id to copies, `JSON.parse` for index files. It defines
 * what the WASM table must answer, so clarity goes before speed. One thread only. Format:
 * docs/format.md, section 7.
 */
import { fromHex, fromUtf8, toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { BlobIndex, BlobLocation, BlobType } from "#repository/blob-index.ts";

/** Nesting accepted in an index file; the format itself needs 5. */
const MAX_DEPTH = 64;
const MAX_U32 = 0xffff_ffff;
/** The pack number shares a word with the blob's type and state in the WASM table. */
const MAX_PACKS = 2 ** 24 - 1;
/**
 * Rough cost of a Map entry, its string key and its array; for {@link BlobIndex.byteLength} only.
 */
const BYTES_PER_BLOB = 300;

/** Copies of one blob; empty while it is only claimed. */
type Copies = BlobLocation[];

/**
 * An empty index for one thread. `share()` returns the index itself, which no other thread can use.
 * About 300 bytes a blob. All methods throw INTERNAL for an id that is not 32 bytes, `add` also for
 * an unregistered pack number or a value beyond 32 bits.
 */
export function createMapBlobIndex(): BlobIndex {
  return new MapBlobIndex();
}

class MapBlobIndex implements BlobIndex {
  readonly #blobs = new Map<string, Copies>();
  readonly #packs = new Map<string, number>();
  readonly #packIds: Uint8Array[] = [];
  #count = 0;

  get blobCount(): number {
    return this.#count;
  }

  get packCount(): number {
    return this.#packIds.length;
  }

  get byteLength(): number {
    return this.#blobs.size * BYTES_PER_BLOB;
  }

  addPack(packId: Uint8Array): number {
    const key = toHex(checkId(packId));
    const known = this.#packs.get(key);
    if (known !== undefined) return known;
    if (this.#packIds.length === MAX_PACKS) throw new CofferError("TOO_LARGE", "Too many packs");
    this.#packs.set(key, this.#packIds.length);
    return this.#packIds.push(packId.slice()) - 1;
  }

  packId(pack: number): Uint8Array {
    const id = this.#packIds[pack];
    if (id === undefined)
      throw new CofferError("INTERNAL", `Pack number ${pack} is not registered`);
    return id.slice();
  }

  add(type: BlobType, id: Uint8Array, location: BlobLocation): void {
    const { pack, offset, length, rawLength } = location;
    if (this.#packIds[pack] === undefined || ![offset, length, rawLength].every(isU32)) {
      throw new CofferError("INTERNAL", "A blob location is out of range");
    }
    const key = keyOf(type, id);
    const copies = this.#blobs.get(key) ?? [];
    this.#blobs.set(key, copies);
    if (copies.some((copy) => copy.pack === pack && copy.offset === offset)) return;
    copies.push({ pack, offset, length, rawLength });
    this.#count++;
  }

  loadIndexFile(json: Uint8Array): number {
    let count = 0;
    for (const value of listOf(field(parseIndex(json), "packs"), "packs")) {
      const packObject = objectOf(value, "a pack");
      const pack = this.addPack(idOf(field(packObject, "id")));
      for (const item of listOf(field(packObject, "blobs"), "blobs")) {
        const blob = objectOf(item, "a blob");
        this.add(typeOf(field(blob, "type")), idOf(field(blob, "id")), {
          pack,
          offset: integerOf(field(blob, "offset")),
          length: integerOf(field(blob, "length")),
          rawLength: integerOf(blob["uncompressed_length"] ?? 0),
        });
        count++;
      }
    }
    return count;
  }

  lookup(type: BlobType, id: Uint8Array, into: BlobLocation): boolean {
    const copy = this.#blobs.get(keyOf(type, id))?.[0];
    if (copy === undefined) return false;
    Object.assign(into, copy);
    return true;
  }

  lookupAll(type: BlobType, id: Uint8Array): BlobLocation[] {
    return (this.#blobs.get(keyOf(type, id)) ?? []).map((copy) => ({ ...copy }));
  }

  has(type: BlobType, id: Uint8Array): boolean {
    return this.#blobs.has(keyOf(type, id));
  }

  claim(type: BlobType, id: Uint8Array): boolean {
    const key = keyOf(type, id);
    if (this.#blobs.has(key)) return false;
    this.#blobs.set(key, []);
    return true;
  }

  unclaim(type: BlobType, id: Uint8Array): void {
    const key = keyOf(type, id);
    if (this.#blobs.get(key)?.length === 0) this.#blobs.delete(key);
  }

  forEach(visit: (type: BlobType, id: Uint8Array, location: BlobLocation) => void): void {
    const location: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
    for (const [key, copies] of this.#blobs) {
      const type = key.startsWith("t") ? "tree" : "data";
      const id = fromHex(key.slice(1))!;
      for (const copy of copies) visit(type, id, Object.assign(location, copy));
    }
  }

  share(): unknown {
    return this;
  }
}

function checkId(id: Uint8Array): Uint8Array {
  if (id.length !== 32) throw new CofferError("INTERNAL", `An id has ${id.length} bytes, not 32`);
  return id;
}

function keyOf(type: BlobType, id: Uint8Array): string {
  return (type === "tree" ? "t" : "d") + toHex(checkId(id));
}

function isU32(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_U32;
}

function bad(message: string, cause?: unknown): CofferError {
  return new CofferError("BAD_FORMAT", `Index file: ${message}`, { cause });
}

function parseIndex(json: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(json));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw bad("malformed JSON", error);
  }
  if (Array.isArray(value)) throw bad("the format of restic 0.1 (a bare list) is not supported");
  checkDepth(value, 0);
  return objectOf(value, "the index");
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth === MAX_DEPTH) throw bad(`nested deeper than ${MAX_DEPTH} levels`);
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}

function field(object: Record<string, unknown>, name: string): unknown {
  if (!Object.hasOwn(object, name)) throw bad(`the field "${name}" is missing`);
  return object[name];
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw bad(`${what} is not an object`);
  }
  return value as Record<string, unknown>;
}

/** Go writes an empty list as null, so null is one. */
function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw bad(`"${name}" is not a list`);
  return value;
}

function idOf(value: unknown): Uint8Array {
  const id = typeof value === "string" && value.length === 64 ? fromHex(value) : undefined;
  if (id === undefined) throw bad("an id is not 64 hex digits");
  return id;
}

function typeOf(value: unknown): BlobType {
  if (value !== "data" && value !== "tree") throw bad("a blob type is neither data nor tree");
  return value;
}

function integerOf(value: unknown): number {
  if (!isU32(value) || Object.is(value, -0)) throw bad("a number is not an integer of 32 bits");
  return value;
}
