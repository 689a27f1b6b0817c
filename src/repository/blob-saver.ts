/**
 * Saves blobs: hash, deduplicate, compress, seal, verify, pack. One per thread, over the index that
 * all threads share, so that a known blob costs one hash and one look-up.
 *
 * Blobs are spread at random over two open packs a type, as restic does since 0.18, so that the
 * order of chunks in a pack says less about a file (docs/format.md, section 6).
 */
import type { Random } from "#base/random.ts";
import { compressionLevel, worthCompressing } from "#codec/compression.ts";
import type { CompressionMode, Zstd } from "#codec/zstd.ts";
import { CofferError } from "#base/errors.ts";
import { release } from "#base/release.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import type { BlobIndex, BlobType } from "#repository/blob-index.ts";
import { addPackToIndex, type FinishedPack } from "#repository/finished-pack.ts";
import { packFailure } from "#repository/pack-sink.ts";
import { PackWriter, type PackRemainder, type PackTools } from "#repository/pack-writer.ts";

export interface BlobSaverOptions extends PackTools {
  readonly index: BlobIndex;
  readonly zstd: Zstd;
  readonly random: Random;
  readonly version: 1 | 2;
  readonly compression: CompressionMode;
  /** Blob bytes at which a pack is closed. */
  readonly packSize: number;
  /** Called when a pack is durable and indexed in memory. */
  readonly onPack: (pack: FinishedPack) => void;
  /** How many packs may be on their way to the storage at once; saving waits beyond that. */
  readonly maxUploads: number;
}

/** What one thread has stored. */
export interface SavedCounts {
  dataBlobs: number;
  treeBlobs: number;
  /** Plaintext bytes of new blobs. */
  added: number;
  /** Stored bytes of new blobs. */
  addedPacked: number;
}

export class BlobSaver {
  readonly counts: SavedCounts = { dataBlobs: 0, treeBlobs: 0, added: 0, addedPacked: 0 };
  readonly #options: BlobSaverOptions;
  readonly #open: Record<BlobType, PackWriter[]> = { data: [], tree: [] };
  readonly #uploads = new Set<Promise<void>>();
  readonly #bits = new Uint8Array(64);
  #bit = 8 * 64;
  #failure: unknown;

  constructor(options: BlobSaverOptions) {
    this.#options = options;
  }

  /** Too many packs are under way: await {@link ready} before the next {@link save}. */
  get isBusy(): boolean {
    return this.#uploads.size >= this.#options.maxUploads || this.#failure !== undefined;
  }

  /** Resolves when another pack may be started. Throws the first upload's failure. */
  async ready(): Promise<void> {
    while (this.#failure === undefined && this.#uploads.size >= this.#options.maxUploads) {
      await Promise.race(this.#uploads);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Stores a blob unless it is stored already; returns its 32-byte id. The bytes stay the caller's.
   * @throws BAD_HASH when compression does not reproduce the bytes (failing memory)
   */
  save(type: BlobType, plaintext: Uint8Array): Uint8Array {
    const { crypto, index } = this.#options;
    const id = crypto.sha256(plaintext);
    if (index.claim(type, id)) {
      try {
        this.#store(type, id, plaintext);
      } catch (error) {
        index.unclaim(type, id);
        throw error;
      }
    }
    return id;
  }

  /**
   * Stores one more copy of a blob that is stored already, for packs that are to go. What is
   * compressed stays as it is, the rest is compressed as new blobs are.
   * @param payload what its seal held, verified by the caller: a frame, or the plaintext
   * @param rawLength plaintext length if it is a frame, else 0
   */
  copy(type: BlobType, id: Uint8Array, payload: Uint8Array, rawLength: number): void {
    if (rawLength === 0) this.#store(type, id, payload);
    else this.#place(type, id, payload, rawLength);
  }

  /** Closes what is open: small remainders are returned for merging, the rest becomes durable. */
  async flush(): Promise<PackRemainder[]> {
    const remainders: PackRemainder[] = [];
    for (const type of ["data", "tree"] as const) {
      for (const writer of this.#open[type].splice(0)) {
        if (writer.isInMemory) remainders.push(writer.takeRemainder());
        else this.#upload(writer);
      }
    }
    await this.#settle();
    return remainders;
  }

  /** Makes packs of remainders, several writers' together. */
  async savePackRemainders(remainders: readonly PackRemainder[]): Promise<void> {
    for (const type of ["data", "tree"] as const) {
      let writer: PackWriter | undefined;
      for (const remainder of remainders) {
        if (remainder.type !== type || remainder.lengths.length === 0) continue;
        writer ??= new PackWriter(type, this.#options);
        writer.addRemainder(remainder);
        if (writer.size < this.#options.packSize) continue;
        await this.ready();
        this.#upload(writer);
        writer = undefined;
      }
      if (writer) this.#upload(writer);
    }
    await this.#settle();
  }

  /** Drops what is open and gives its claims back. Uploads under way are waited for. */
  async abort(): Promise<void> {
    for (const type of ["data", "tree"] as const) {
      for (const writer of this.#open[type].splice(0)) this.#giveUp(writer);
    }
    await Promise.allSettled(this.#uploads);
  }

  #store(type: BlobType, id: Uint8Array, plaintext: Uint8Array): void {
    const payload = this.#compress(type, id, plaintext);
    this.#place(type, id, payload, payload === plaintext ? 0 : plaintext.length);
    if (payload !== plaintext) release(payload);
  }

  /** Seals a payload into one of the open packs. */
  #place(type: BlobType, id: Uint8Array, payload: Uint8Array, rawLength: number): void {
    const writer = this.#pick(type, payload.length);
    const stored = writer.add(id, payload, rawLength);
    if (type === "data") this.counts.dataBlobs++;
    else this.counts.treeBlobs++;
    this.counts.added += rawLength || payload.length;
    this.counts.addedPacked += stored;
    if (writer.size >= this.#options.packSize || writer.isFull) {
      this.#open[type] = this.#open[type].filter((open) => open !== writer);
      this.#upload(writer);
    }
  }

  #compress(type: BlobType, id: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const { version, compression, zstd, verify, crypto } = this.#options;
    if (version === 1 || plaintext.length === 0) return plaintext;
    if (type === "data" && (compression === "off" || !worthCompressing(zstd, plaintext))) {
      return plaintext;
    }
    const frame = zstd.compress(plaintext, compressionLevel(compression));
    if (type === "data" && frame.length >= plaintext.length) return plaintext;
    if (!verify) return frame;
    const again = zstd.decompress(frame, plaintext.length);
    const same = equalBytes(crypto.sha256(again), id);
    release(again);
    if (!same) {
      throw new CofferError(
        "BAD_HASH",
        `Compressing blob ${toHex(id, 0, 4)} does not reproduce its bytes: the machine's memory may be failing`,
      );
    }
    return frame;
  }

  /** A blob as large as a pack gets one of its own. */
  #pick(type: BlobType, length: number): PackWriter {
    if (length >= this.#options.packSize) return new PackWriter(type, this.#options);
    const open = this.#open[type];
    const writer = open[this.#coin()];
    if (writer) return writer;
    const fresh = new PackWriter(type, this.#options);
    open.push(fresh);
    return fresh;
  }

  /** 0 or 1, evenly. Bits are drawn many at once: a call of the system per blob would show. */
  #coin(): number {
    if (this.#bit === 8 * this.#bits.length) {
      this.#options.random.fill(this.#bits);
      this.#bit = 0;
    }
    const at = this.#bit++;
    return (this.#bits[at >> 3]! >> (at & 7)) & 1;
  }

  #upload(writer: PackWriter): void {
    const upload = this.#finish(writer).finally(() => this.#uploads.delete(upload));
    this.#uploads.add(upload);
  }

  async #finish(writer: PackWriter): Promise<void> {
    try {
      const pack = await writer.finish();
      addPackToIndex(this.#options.index, pack);
      this.#options.onPack(pack);
    } catch (error) {
      this.#giveUp(writer);
      this.#failure ??=
        error instanceof CofferError ? error : packFailure(new Uint8Array(4), error);
    }
  }

  #giveUp(writer: PackWriter): void {
    for (const id of writer.blobIds()) this.#options.index.unclaim(writer.type, id);
    writer.abort();
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#uploads);
    if (this.#failure !== undefined) throw this.#failure;
  }
}
