/**
 * The blob index as a hash table in WebAssembly memory, which threads share in Node. Lookups take
 * no lock. See blob-index-memory.as for the layout and why readers never need one.
 *
 * Memory: 320 KiB empty (576 KiB with the first blob), 64 KiB for each further thread, then 48
 * bytes a blob and 5.1 to 10.3 bytes of slots, so 58.3 at most; 32 bytes a pack and 5.3 to 10.7 of
 * slots. At most 4 GiB, some 70 million blobs. It never shrinks; a thread's page is not given back
 * when it ends. Time (Node 26, one core, a million random blobs): lookup 115 to 165 ns, 40 to 80 in
 * the cache; add 200 ns; index files 430 MB/s. Many copies of one blob are searched one by one.
 */
import { fromBase64 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { TABLE_PLAIN, TABLE_SHARED } from "#kernels/blob-index.wasm.ts";
import { wasm, type WasmMemory, type WasmModule } from "#kernels/webassembly.ts";
import { scanIndexFile } from "#kernels/blob-index-scanner.ts";
import type { BlobIndex, BlobLocation, BlobType } from "#repository/blob-index.ts";

export interface WasmBlobIndexOptions {
  /** Use shared memory, for several threads. Needs `SharedArrayBuffer`. */
  readonly shared: boolean;
  /** What {@link BlobIndex.share} of another instance returned; absent makes a new, empty table. */
  readonly attach?: unknown;
}

/** What `share()` returns. A shared memory can be posted to another thread, a plain one cannot. */
interface SharedTable {
  readonly kind: typeof KIND;
  readonly memory: WasmMemory;
}

interface TableExports {
  init(): number;
  attach(): number;
  setMayWait(value: number): void;
  lookup(page: number, type: number): number;
  copies(page: number, type: number, skip: number): number;
  has(page: number, type: number): number;
  claim(page: number, type: number): number;
  unclaim(page: number, type: number): void;
  add(page: number, type: number): number;
  addBatch(page: number, count: number, pack: number): number;
  addPack(page: number): number;
  packId(page: number, pack: number): number;
  readBatch(page: number, from: number): number;
  blobCount(): number;
  packCount(): number;
}

const KIND = "coffer-blob-table";

/** Layout and numbers of blob-index-table.as. */
const LOCATION_WORD = 8;
const COUNT_WORD = 12;
const RECORDS = 64;
const RECORD = 48;
const MAX_COPIES = 3072;
const NO_MEMORY = -1;
const NO_PACK = -2;
const PACK_MASK = 0xff_ffff;
const TREE_BIT = 0x100_0000;
const PAGE = 0x1_0000;

const modules = new Map<boolean, WasmModule>();

/**
 * A new table, or with `attach` one more user of an existing table. Each thread attaches once and
 * keeps its instance; an instance serves one thread. All methods throw INTERNAL for an id that is
 * not 32 bytes, `add` also for an unregistered pack or a value beyond 32 bits; what adds or claims
 * throws TOO_LARGE when memory is used up.
 * @throws UNSUPPORTED when shared memory is asked for and the platform has none
 * @throws INTERNAL when `attach` is not the value of a matching `share()`
 */
export function createWasmBlobIndex(options: WasmBlobIndexOptions): BlobIndex {
  const { shared, attach } = options;
  if (shared && typeof SharedArrayBuffer === "undefined") {
    throw new CofferError("UNSUPPORTED", "This platform has no shared memory");
  }
  const memory = attach === undefined ? createMemory(shared) : memoryOf(attach, shared);
  let module = modules.get(shared);
  if (module === undefined) {
    const binary = fromBase64(shared ? TABLE_SHARED : TABLE_PLAIN)!;
    module = new wasm.Module(binary);
    modules.set(shared, module);
  }
  const instance = new wasm.Instance(module, { env: { memory } });
  const table = instance.exports as TableExports;
  if (attach === undefined && table.init() === 0) throw noMemory();
  table.setMayWait(shared && mayWait() ? 1 : 0);
  const page = table.attach() >>> 0;
  if (page === 0) throw new CofferError("INTERNAL", "The memory to attach to is full or foreign");
  return new WasmBlobIndex(memory, table, page);
}

function createMemory(shared: boolean): WasmMemory {
  if (!shared) return new wasm.Memory({ initial: 2 });
  // Shared memory reserves its maximum of address space, which a limit on the process may forbid.
  for (let maximum = 0x1_0000; ; maximum /= 2) {
    try {
      return new wasm.Memory({ initial: 2, maximum, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError) || maximum <= 0x400) throw error;
    }
  }
}

function memoryOf(value: unknown, shared: boolean): WasmMemory {
  const table = value as Partial<SharedTable> | null;
  if (typeof table === "object" && table?.kind === KIND) {
    const { memory } = table;
    if (memory instanceof wasm.Memory && isShared(memory) === shared) return memory;
  }
  throw new CofferError("INTERNAL", "The value to attach to is not a blob table of this kind");
}

function isShared(memory: WasmMemory): boolean {
  return !(memory.buffer instanceof ArrayBuffer);
}

/** False in a page's main thread, where a thread must not sleep. */
function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function noMemory(): CofferError {
  return new CofferError("TOO_LARGE", "The index of all blobs does not fit into memory");
}

function isU32(value: number): boolean {
  return value >>> 0 === value;
}

class WasmBlobIndex implements BlobIndex {
  readonly #memory: WasmMemory;
  readonly #table: TableExports;
  /** Start of this thread's own page in the memory. */
  readonly #page: number;
  #bytes: Uint8Array;
  #words: Uint32Array;

  constructor(memory: WasmMemory, table: TableExports, page: number) {
    this.#memory = memory;
    this.#table = table;
    this.#page = page;
    this.#bytes = new Uint8Array(memory.buffer, page, PAGE);
    this.#words = new Uint32Array(memory.buffer, page, PAGE / 4);
  }

  get blobCount(): number {
    return this.#table.blobCount() >>> 0;
  }

  get packCount(): number {
    return this.#table.packCount() >>> 0;
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  addPack(packId: Uint8Array): number {
    this.#putId(packId);
    const pack = this.#table.addPack(this.#page);
    if (pack === NO_MEMORY) throw noMemory();
    return pack;
  }

  packId(pack: number): Uint8Array {
    this.#refresh();
    if (!isU32(pack) || this.#table.packId(this.#page, pack) === 0) {
      throw new CofferError("INTERNAL", `Pack number ${pack} is not registered`);
    }
    return new Uint8Array(this.#bytes.subarray(0, 32));
  }

  add(type: BlobType, id: Uint8Array, location: BlobLocation): void {
    this.#putId(id);
    const { pack, offset, length, rawLength } = location;
    const words = this.#words;
    words[LOCATION_WORD] = pack;
    words[LOCATION_WORD + 1] = offset;
    words[LOCATION_WORD + 2] = length;
    words[LOCATION_WORD + 3] = rawLength;
    const sound = isU32(pack) && isU32(offset) && isU32(length) && isU32(rawLength);
    const result = sound ? this.#table.add(this.#page, type === "tree" ? 1 : 0) : NO_PACK;
    if (result === NO_PACK) throw new CofferError("INTERNAL", "A blob location is out of range");
    if (result === NO_MEMORY) throw noMemory();
  }

  loadIndexFile(json: Uint8Array): number {
    let total = 0;
    let pack = 0;
    scanIndexFile(json, {
      pack: (id) => {
        pack = this.addPack(id);
      },
      blobs: (records, count) => {
        this.#refresh();
        this.#bytes.set(records, RECORDS);
        if (this.#table.addBatch(this.#page, count, pack) === NO_MEMORY) throw noMemory();
        total += count;
      },
    });
    return total;
  }

  lookup(type: BlobType, id: Uint8Array, into: BlobLocation): boolean {
    this.#putId(id);
    if (this.#table.lookup(this.#page, type === "tree" ? 1 : 0) === 0) return false;
    this.#readLocation(this.#words, LOCATION_WORD, into);
    return true;
  }

  lookupAll(type: BlobType, id: Uint8Array): BlobLocation[] {
    this.#putId(id);
    const found: BlobLocation[] = [];
    for (;;) {
      const count = this.#table.copies(this.#page, type === "tree" ? 1 : 0, found.length);
      for (let i = 0; i < count; i++) {
        const location = { pack: 0, offset: 0, length: 0, rawLength: 0 };
        this.#readLocation(this.#words, RECORDS / 4 + i * 4, location);
        found.push(location);
      }
      if (count < MAX_COPIES) return found;
    }
  }

  has(type: BlobType, id: Uint8Array): boolean {
    this.#putId(id);
    return this.#table.has(this.#page, type === "tree" ? 1 : 0) !== 0;
  }

  claim(type: BlobType, id: Uint8Array): boolean {
    this.#putId(id);
    const result = this.#table.claim(this.#page, type === "tree" ? 1 : 0);
    if (result === NO_MEMORY) throw noMemory();
    return result !== 0;
  }

  unclaim(type: BlobType, id: Uint8Array): void {
    this.#putId(id);
    this.#table.unclaim(this.#page, type === "tree" ? 1 : 0);
  }

  forEach(visit: (type: BlobType, id: Uint8Array, location: BlobLocation) => void): void {
    const location: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
    const id = new Uint8Array(32);
    let from = 0;
    for (;;) {
      this.#refresh();
      const next = this.#table.readBatch(this.#page, from) >>> 0;
      if (next === from) return;
      from = next;
      const count = this.#words[COUNT_WORD]!;
      // A copy, because `visit` may use this index itself.
      const records = new Uint8Array(this.#bytes.subarray(RECORDS, RECORDS + count * RECORD));
      const words = new Uint32Array(records.buffer);
      for (let i = 0; i < count; i++) {
        id.set(records.subarray(i * RECORD, i * RECORD + 32));
        const at = (i * RECORD + 32) / 4;
        const type = (words[at]! & TREE_BIT) === 0 ? "data" : "tree";
        this.#readLocation(words, at, location);
        visit(type, id, location);
      }
    }
  }

  share(): SharedTable {
    return { kind: KIND, memory: this.#memory };
  }

  /** The views of a plain memory die when it grows; those of a shared one stay. */
  #refresh(): void {
    if (this.#bytes.length !== 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer, this.#page, PAGE);
    this.#words = new Uint32Array(this.#memory.buffer, this.#page, PAGE / 4);
  }

  #putId(id: Uint8Array): void {
    if (id.length !== 32) throw new CofferError("INTERNAL", `An id has ${id.length} bytes, not 32`);
    this.#refresh();
    this.#bytes.set(id);
  }

  #readLocation(words: Uint32Array, at: number, into: BlobLocation): void {
    into.pack = words[at]! & PACK_MASK;
    into.offset = words[at + 1]!;
    into.length = words[at + 2]!;
    into.rawLength = words[at + 3]!;
  }
}
