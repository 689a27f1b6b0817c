/**
 * An opened repository: storage, keys, index, and the loading and saving of its objects.
 * Every operation takes one of these. Threads each have their own over one shared index.
 */
import type { Backend, CallOptions, ReadOptions } from "#backends/backend.ts";
import type { Aead, MasterKey } from "#crypto/crypto.ts";
import type { Config } from "#format/config.ts";
import type { BlobIndex, BlobType } from "#repository/blob-index.ts";
import type { Primitives } from "#repository/primitives.ts";

/** Types stored as one sealed file each. */
export type UnpackedType = "index" | "snapshot" | "lock";

export interface Repository {
  readonly backend: Backend;
  readonly primitives: Primitives;
  readonly config: Config;
  readonly aead: Aead;
  /** Handed to other threads of this process only. */
  readonly masterKey: MasterKey;
  /** 64 hex digits of the key file that the password opened. */
  readonly keyId: string;
  readonly index: BlobIndex;

  /**
   * Plain JSON bytes of a file: name checked against its SHA-256, opened, decompressed. A file with
   * a wrong hash is read once more before it is reported.
   * @throws NOT_FOUND, BAD_HASH, BAD_MAC, BAD_FORMAT, TOO_LARGE
   */
  loadUnpacked(type: UnpackedType, id: string, options?: CallOptions): Promise<Uint8Array>;
  /** Seals and stores; durable when resolved. Returns the file's name. */
  saveUnpacked(type: UnpackedType, json: Uint8Array, options?: CallOptions): Promise<string>;

  /**
   * Plaintext of a blob, its hash verified; tries every indexed copy before giving up.
   * @throws MISSING_BLOB, or the last copy's error
   */
  loadBlob(type: BlobType, id: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  /**
   * Decodes the stored bytes of a blob read by the caller: MAC, decompression, hash.
   * @param rawLength plaintext length if compressed, else 0
   * @throws BAD_MAC, BAD_FORMAT, TOO_LARGE, BAD_HASH
   */
  decodeBlob(id: Uint8Array, stored: Uint8Array, rawLength: number): Uint8Array;
  /**
   * The part of {@link decodeBlob} after the MAC, for callers that open many blobs at once.
   * @param payload the opened content; the result may be this very array
   * @param room the result may be a view of this where it fits
   * @throws BAD_FORMAT, TOO_LARGE, BAD_HASH
   */
  decodePayload(
    id: Uint8Array,
    payload: Uint8Array,
    rawLength: number,
    room?: Uint8Array,
  ): Uint8Array;
  /** `length` bytes of a pack file from `offset`; `into` as in {@link ReadOptions}. */
  readPack(
    pack: number,
    offset: number,
    length: number,
    options?: CallOptions & Pick<ReadOptions, "into">,
  ): Promise<Uint8Array>;
}
