/**
 * Reads one pack from its first byte to its last, in worker threads: the hash of the file, the
 * header, and every blob decrypted, decompressed and hashed. Each byte is fetched once and used
 * where it lies.
 */
import { equalBytes, fromHex, toHex } from "#base/bytes.ts";
import type { ErrorCode } from "#base/error-codes.ts";
import { CofferError, isCofferError, isCorruption } from "#base/errors.ts";
import { MAX_CHUNK } from "#chunker/chunker.ts";
import { type Hasher, SEAL_OVERHEAD } from "#crypto/crypto.ts";
import {
  decodePackHeader,
  EAGER_HEADER_BYTES,
  type PackEntry,
  readHeaderLength,
} from "#format/pack-header.ts";
import { BlobVerifier } from "#operations/check/blob-verifier.ts";
import type { BlobLocation, BlobType } from "#repository/blob-index.ts";
import { MAX_BLOB } from "#repository/blob-limits.ts";
import type { Repository } from "#repository/repository.ts";
import type { Task } from "#repository/task-pool.ts";

export interface PackJob {
  /** 64 hex digits. */
  readonly id: string;
  /** Bytes of the file, as listed. */
  readonly size: number;
  /** The pack's number in the blob index, and how many entries it has there. */
  readonly indexNumber: number;
  readonly entries: number;
}

export interface DamagedBlob {
  readonly type: BlobType;
  readonly id: Uint8Array;
}

export interface PackReport {
  readonly bytesRead: number;
  readonly problems: readonly { readonly code: ErrorCode; readonly message: string }[];
  /** Blobs that do not decode where the header says they are. */
  readonly damaged: readonly DamagedBlob[];
  /** The header could not be used, so that the blobs were not looked at. */
  readonly headerLost: boolean;
  /** A first reading found problems that a second one did not. */
  readonly unstable: boolean;
}

/** Bytes fetched at once: several blobs share a read, memory stays small. */
const READ_BYTES = 4 * 1024 * 1024;

/** What a reading buffer holds: a full read and the largest sound data blob that goes beyond it. */
const BUFFER_BYTES = READ_BYTES + MAX_CHUNK + SEAL_OVERHEAD;

/**
 * Bytes hashed at once for the file's hash: then still in the cache when their blobs are opened.
 */
const RUN_BYTES = 512 * 1024;

/** Stored bytes of the largest blob that is looked at. */
const MAX_STORED = MAX_BLOB + SEAL_OVERHEAD;

/** Memory that one reading at a time uses again and again. */
interface Buffers {
  readonly file: Uint8Array;
  /** A decrypted, still compressed blob. */
  readonly payload: Uint8Array;
}

/** Buffers of a thread that no reading uses now. */
const BUFFERS = Symbol("check.buffers");

/** Problems told one by one of one pack. */
const MAX_PROBLEMS = 20;

export const packTask: Task<PackJob, PackReport> = {
  name: "check.pack",
  async run({ repository, state }, job) {
    const free = (state.get(BUFFERS) ?? []) as Buffers[];
    state.set(BUFFERS, free);
    const buffers = free.pop() ?? {
      file: new Uint8Array(BUFFER_BYTES),
      payload: new Uint8Array(MAX_CHUNK),
    };
    try {
      const first = await new PackReading(repository, job, buffers, false).run();
      if (first.problems.length === 0) return first;
      // Storage has delivered wrong bytes once and right ones after: only the second answer counts.
      const second = await new PackReading(repository, job, buffers, true).run();
      return { ...second, unstable: second.problems.length === 0 };
    } finally {
      free.push(buffers);
    }
  },
};

class PackReading {
  readonly #repository: Repository;
  readonly #job: PackJob;
  readonly #buffer: Uint8Array;
  readonly #verifier: BlobVerifier;
  readonly #fresh: boolean;
  readonly #problems: { code: ErrorCode; message: string }[] = [];
  readonly #damaged: DamagedBlob[] = [];
  readonly #location: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  #bytesRead = 0;
  #headerLost = false;

  constructor(repository: Repository, job: PackJob, buffers: Buffers, fresh: boolean) {
    this.#repository = repository;
    this.#job = job;
    this.#buffer = buffers.file;
    this.#verifier = new BlobVerifier(repository, buffers.payload, (entry, error) =>
      this.#damagedBlob(entry, error),
    );
    this.#fresh = fresh;
  }

  async run(): Promise<PackReport> {
    try {
      await this.#readAll();
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "NOT_FOUND", "STORAGE_FAILED", "DENIED")) {
        throw error;
      }
      this.#headerLost = true;
      this.#report(error.code, error.message);
    }
    return {
      bytesRead: this.#bytesRead,
      problems: this.#problems,
      damaged: this.#damaged,
      headerLost: this.#headerLost,
      unstable: false,
    };
  }

  async #readAll(): Promise<void> {
    const { id, size } = this.#job;
    const hasher = this.#repository.primitives.crypto.createHasher();
    const header = await this.#header();
    const entries = header?.entries ?? [];
    if (header) this.#compareWithIndex(entries);
    const blobEnd = header?.blobEnd ?? size;
    let at = 0;
    for (let next = 0; at < blobEnd;) {
      const from = next;
      let end = at;
      while (next < entries.length && entries[next]!.length <= MAX_STORED) {
        if (next > from && end - at >= READ_BYTES) break;
        end += entries[next++]!.length;
      }
      if (next > from) {
        const bytes = await this.#read(at, end - at);
        this.#blobs(entries.slice(from, next), bytes, at, hasher);
        at = end;
        continue;
      }
      // No header, or a blob beyond any sound one: only the hash of the file is taken.
      const giant = entries[next++];
      end = giant ? at + giant.length : blobEnd;
      if (giant) this.#damagedBlob(giant, new CofferError("TOO_LARGE", "it is too large"));
      for (; at < end; at += READ_BYTES) {
        hasher.update(await this.#read(at, Math.min(READ_BYTES, end - at)));
      }
      at = end;
    }
    if (header) hasher.update(header.bytes);
    if (!equalBytes(hasher.digest(), fromHex(id)!)) {
      this.#report("BAD_HASH", "its content does not have the hash that it is named by");
    }
  }

  /**
   * The decoded header and the file's bytes from it to the end; undefined after reporting why not.
   */
  async #header(): Promise<
    { entries: PackEntry[]; bytes: Uint8Array; blobEnd: number } | undefined
  > {
    const { size } = this.#job;
    try {
      const eager = Math.min(size, EAGER_HEADER_BYTES);
      // A copy: the buffer is used again before the header is.
      let tail = (await this.#read(size - eager, eager)).slice();
      const length = readHeaderLength(tail, size, "it");
      const total = length + 4;
      if (total > tail.length) tail = (await this.#read(size - total, total)).slice();
      else tail = tail.subarray(tail.length - total);
      const blobEnd = size - total;
      const plain = this.#repository.aead.open(tail.subarray(0, length));
      const { version } = this.#repository.config;
      const entries = decodePackHeader(plain, version, blobEnd, "the pack");
      // Counted with the rest of the file; what was fetched beyond it is fetched again.
      this.#bytesRead = total;
      return { entries, bytes: tail, blobEnd };
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.#headerLost = true;
      this.#bytesRead = 0;
      this.#report(error.code, `its header cannot be used: ${error.message}`);
      return undefined;
    }
  }

  /** Equal sets: as many entries, and each one of the header's is in the index. */
  #compareWithIndex(entries: readonly PackEntry[]): void {
    let known = 0;
    for (const entry of entries) if (this.#isIndexed(entry)) known++;
    if (known === entries.length && known === this.#job.entries) return;
    this.#report(
      "BAD_FORMAT",
      `its header lists ${entries.length} blobs, the index ${this.#job.entries}, ` +
        `and ${known} of them agree`,
    );
  }

  #isIndexed({ type, id, offset, length, rawLength }: PackEntry): boolean {
    const { index } = this.#repository;
    const here = (copy: BlobLocation): boolean =>
      copy.pack === this.#job.indexNumber &&
      copy.offset === offset &&
      copy.length === length &&
      copy.rawLength === rawLength;
    if (index.lookup(type, id, this.#location) && here(this.#location)) return true;
    return index.lookupAll(type, id).some(here);
  }

  /** Blobs that lie side by side in `bytes`, of which the first byte is byte `at` of the file. */
  #blobs(entries: readonly PackEntry[], bytes: Uint8Array, at: number, hasher: Hasher): void {
    let from = 0;
    for (let next = 0; next < entries.length;) {
      const first = next;
      let end = from;
      while (next < entries.length && (next === first || end - from < RUN_BYTES)) {
        end += entries[next++]!.length;
      }
      hasher.update(bytes.subarray(from, end));
      this.#verifier.verify(entries.slice(first, next), bytes, at);
      from = end;
    }
  }

  #damagedBlob({ id, type, offset }: PackEntry, error: CofferError): void {
    this.#damaged.push({ type, id: id.slice() });
    const text = `${type} blob ${toHex(id, 0, 4)} at byte ${offset}: ${error.message}`;
    this.#report(error.code, text);
  }

  #report(code: ErrorCode, message: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ code, message });
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const file = { type: "pack", name: this.#job.id } as const;
    const into = length <= this.#buffer.length ? this.#buffer : undefined;
    const options = { offset, length, into, fresh: this.#fresh };
    const bytes = await this.#repository.backend.read(file, options);
    this.#bytesRead += length;
    return bytes;
  }
}
