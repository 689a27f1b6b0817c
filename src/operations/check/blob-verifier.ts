/** Proves that stored blobs decrypt, decompress and hash to their names; keeps nothing of them. */
import { equalBytes, toHex } from "#base/bytes.ts";
import { CofferError, isCorruption } from "#base/errors.ts";
import { MAX_CHUNK } from "#chunker/chunker.ts";
import type { PackEntry } from "#format/pack-header.ts";
import { checkBlobClaim } from "#repository/blob-limits.ts";
import type { Repository } from "#repository/repository.ts";

/** From this length on plaintext is hashed piece by piece, never held whole. */
const PIECEWISE_BYTES = 64 * 1024;

export class BlobVerifier {
  readonly #repository: Repository;
  readonly #scratch: Uint8Array;
  readonly #onDamage: (entry: PackEntry, error: CofferError) => void;

  /** @param scratch MAX_CHUNK bytes that nobody else uses meanwhile */
  constructor(
    repository: Repository,
    scratch: Uint8Array,
    onDamage: (entry: PackEntry, error: CofferError) => void,
  ) {
    this.#repository = repository;
    this.#scratch = scratch;
    this.#onDamage = onDamage;
  }

  /**
   * Verifies blobs that lie side by side.
   * @param bytes part of the pack, of which the first byte is byte `at` of the file
   */
  verify(entries: readonly PackEntry[], bytes: Uint8Array, at: number): void {
    // Small blobs are opened together: a cipher's set-up costs more than their bytes.
    const small: PackEntry[] = [];
    const messages: Uint8Array[] = [];
    for (const entry of entries) {
      const stored = bytes.subarray(entry.offset - at, entry.offset - at + entry.length);
      if (entry.length >= PIECEWISE_BYTES) {
        this.#judge(entry, () => this.#largeBlob(entry, stored));
        continue;
      }
      small.push(entry);
      messages.push(stored);
    }
    if (small.length === 0) return;
    this.#repository.aead.openAll(messages, (i, payload) => {
      this.#judge(small[i]!, () => this.#payload(small[i]!, payload));
    });
  }

  #judge(entry: PackEntry, verify: () => void): void {
    try {
      verify();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.#onDamage(entry, error);
    }
  }

  #largeBlob(entry: PackEntry, stored: Uint8Array): void {
    const { id, length, rawLength } = entry;
    if (rawLength === 0) this.#plainBlob(id, stored);
    else if (length > MAX_CHUNK) release(this.#repository.decodeBlob(id, stored, rawLength));
    else this.#compressedBlob(entry, stored);
  }

  /** The opened content of a blob, as it is or as one zstd frame. */
  #payload({ id, rawLength, length }: PackEntry, payload: Uint8Array | undefined): void {
    if (!payload) throw new CofferError("BAD_MAC", "Sealed message failed its authentication");
    const { crypto, zstd } = this.#repository.primitives;
    checkBlobClaim(id, rawLength, length);
    const plain = rawLength === 0 ? payload : zstd.decompress(payload, rawLength);
    if (rawLength !== 0 && plain.length !== rawLength) {
      const text = `Blob ${toHex(id, 0, 4)} has ${plain.length} bytes where ${rawLength} are claimed`;
      throw new CofferError("BAD_FORMAT", text);
    }
    if (!equalBytes(crypto.sha256(plain), id)) throw otherContent(id);
    if (rawLength !== 0) release(plain);
  }

  /** An uncompressed blob: opened and hashed without ever being held whole. */
  #plainBlob(id: Uint8Array, stored: Uint8Array): void {
    const { aead, primitives } = this.#repository;
    const hasher = primitives.crypto.createHasher();
    aead.openPieces(stored, (piece) => hasher.update(piece));
    if (!equalBytes(hasher.digest(), id)) throw otherContent(id);
  }

  /** Decrypted into memory that is there already. */
  #compressedBlob(entry: PackEntry, stored: Uint8Array): void {
    const payload = this.#scratch;
    let length = 0;
    this.#repository.aead.openPieces(stored, (piece) => {
      payload.set(piece, length);
      length += piece.length;
    });
    this.#payload(entry, payload.subarray(0, length));
  }
}

function otherContent(id: Uint8Array): CofferError {
  const text = `Blob ${toHex(id, 0, 4)} does not have the hash it is named by`;
  return new CofferError("BAD_HASH", text, { data: { blob: toHex(id) } });
}

/** Gives large memory back at once: the collector would cost more than the work on the bytes. */
function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (bytes.length < PIECEWISE_BYTES || buffer.byteLength !== bytes.length) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
