/**
 * Builds one pack: sealed blobs one after the other, then the sealed header and its length
 * (docs/format.md, section 6). Bytes pass through one staging buffer, are hashed in large pieces
 * and leave to the sink; a pack smaller than the staging buffer never opens a file, so that small
 * remainders of several writers can be merged into one pack ({@link PackRemainder}).
 */
import type { Aead, Crypto, Hasher } from "#crypto/crypto.ts";
import { encodeHeaderLength, encodePackHeader, MAX_PACK_ENTRIES } from "#format/pack-header.ts";
import type { BlobType } from "#repository/blob-index.ts";
import { packEntries, type FinishedPack } from "#repository/finished-pack.ts";
import type { PackFile, PackSink } from "#repository/pack-sink.ts";

/**
 * Half a mebibyte: large enough that hashing and writing run at full speed, small enough for eight
 * open packs.
 */
const STAGING = 512 * 1024;

export interface PackTools {
  readonly crypto: Crypto;
  readonly aead: Aead;
  readonly sink: PackSink;
  /** Decrypt again what was sealed, before it leaves. */
  readonly verify: boolean;
}

/** A pack that never left memory: its sealed blobs and their entries. */
export interface PackRemainder {
  readonly type: BlobType;
  readonly bytes: Uint8Array;
  readonly ids: Uint8Array;
  readonly lengths: Uint32Array;
  readonly rawLengths: Uint32Array;
}

export class PackWriter {
  readonly type: BlobType;
  readonly #tools: PackTools;
  readonly #hasher: Hasher;
  #staging = new Uint8Array(16 * 1024);
  #staged = 0;
  #flushed = 0;
  #file: PackFile | undefined;
  #ids = new Uint8Array(32 * 16);
  #lengths = new Uint32Array(16);
  #rawLengths = new Uint32Array(16);
  #count = 0;

  constructor(type: BlobType, tools: PackTools) {
    this.type = type;
    this.#tools = tools;
    this.#hasher = tools.crypto.createHasher();
  }

  /** Blob bytes so far, without the header. */
  get size(): number {
    return this.#flushed + this.#staged;
  }

  get count(): number {
    return this.#count;
  }

  /** The header would not take another entry. */
  get isFull(): boolean {
    return this.#count >= MAX_PACK_ENTRIES;
  }

  /** Small enough to hand over with {@link takeRemainder}. */
  get isInMemory(): boolean {
    return this.#file === undefined;
  }

  /**
   * Seals a payload and appends it. Returns the stored length.
   * @param rawLength plaintext length if the payload is compressed, else 0
   */
  add(id: Uint8Array, payload: Uint8Array, rawLength: number): number {
    const before = this.size;
    this.#tools.aead.sealPieces(payload, this.#tools.verify, this.#append);
    const length = this.size - before;
    this.#enter(id, length, rawLength);
    return length;
  }

  /** Appends the sealed blobs of another writer's remainder. */
  addRemainder(remainder: PackRemainder): void {
    this.#append(remainder.bytes);
    for (let i = 0; i < remainder.lengths.length; i++) {
      const id = remainder.ids.subarray(32 * i, 32 * i + 32);
      this.#enter(id, remainder.lengths[i]!, remainder.rawLengths[i]!);
    }
  }

  /** Gives the pack away while it is still in memory. The writer is spent afterwards. */
  takeRemainder(): PackRemainder {
    return {
      type: this.type,
      bytes: this.#staging.slice(0, this.#staged),
      ids: this.#ids.slice(0, 32 * this.#count),
      lengths: this.#lengths.slice(0, this.#count),
      rawLengths: this.#rawLengths.slice(0, this.#count),
    };
  }

  /** Writes the header and makes the file durable. Throws what the storage threw. */
  async finish(): Promise<FinishedPack> {
    const ids = this.#ids.slice(0, 32 * this.#count);
    const lengths = this.#lengths.slice(0, this.#count);
    const rawLengths = this.#rawLengths.slice(0, this.#count);
    const entries = packEntries({ type: this.type, ids, lengths, rawLengths });
    const header = this.#tools.aead.seal(encodePackHeader(entries));
    this.#append(header);
    this.#append(encodeHeaderLength(header.length));
    this.#flush();
    const id = this.#hasher.digest();
    const size = this.#flushed;
    this.#staging = EMPTY;
    await this.#file!.finish(id);
    return { id, type: this.type, size, ids, lengths, rawLengths };
  }

  abort(): void {
    this.#file?.abort();
    this.#staging = EMPTY;
  }

  /** Ids of the blobs so far, for giving up their claims. */
  *blobIds(): Generator<Uint8Array> {
    for (let i = 0; i < this.#count; i++) yield this.#ids.subarray(32 * i, 32 * i + 32);
  }

  #enter(id: Uint8Array, length: number, rawLength: number): void {
    if (this.#count === this.#lengths.length) this.#growEntries();
    this.#ids.set(id, 32 * this.#count);
    this.#lengths[this.#count] = length;
    this.#rawLengths[this.#count] = rawLength;
    this.#count++;
  }

  #growEntries(): void {
    const capacity = 2 * this.#lengths.length;
    const ids = new Uint8Array(32 * capacity);
    ids.set(this.#ids);
    const lengths = new Uint32Array(capacity);
    lengths.set(this.#lengths);
    const rawLengths = new Uint32Array(capacity);
    rawLengths.set(this.#rawLengths);
    this.#ids = ids;
    this.#lengths = lengths;
    this.#rawLengths = rawLengths;
  }

  readonly #append = (bytes: Uint8Array): void => {
    let at = 0;
    while (at < bytes.length) {
      if (this.#staged === this.#staging.length) this.#makeRoom(bytes.length - at);
      const n = Math.min(bytes.length - at, this.#staging.length - this.#staged);
      this.#staging.set(n === bytes.length ? bytes : bytes.subarray(at, at + n), this.#staged);
      this.#staged += n;
      at += n;
    }
  };

  #makeRoom(wanted: number): void {
    if (this.#staging.length >= STAGING) {
      this.#flush();
      return;
    }
    let capacity = 4 * this.#staging.length;
    while (capacity < STAGING && capacity < this.#staged + wanted) capacity *= 2;
    const larger = new Uint8Array(Math.min(STAGING, capacity));
    larger.set(this.#staging.subarray(0, this.#staged));
    this.#staging = larger;
  }

  #flush(): void {
    const bytes = this.#staging.subarray(0, this.#staged);
    this.#file ??= this.#tools.sink.open();
    this.#hasher.update(bytes);
    this.#file.append(bytes);
    this.#flushed += this.#staged;
    this.#staged = 0;
  }
}

const EMPTY = new Uint8Array(0);
