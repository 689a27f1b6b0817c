/**
 * The repository object itself: loads and saves sealed files and blobs over any storage. Verifies
 * everything it loads; a wrong hash is read once more, since storages have delivered wrong bytes
 * once and right ones after (reliability catalogue H18).
 */
import {
  describeFile,
  type Backend,
  type CallOptions,
  type FileRef,
  type ReadOptions,
} from "#backends/backend.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import { CofferError, isCorruption, messageOf } from "#base/errors.ts";
import { release } from "#base/release.ts";
import { compressionLevel } from "#codec/compression.ts";
import { SEAL_OVERHEAD, type Aead, type MasterKey } from "#crypto/crypto.ts";
import type { Config } from "#format/config.ts";
import { decodeUnpacked, encodeUnpacked } from "#format/unpacked.ts";
import type { BlobIndex, BlobType } from "#repository/blob-index.ts";
import { checkBlobClaim } from "#repository/blob-limits.ts";
import type { Primitives } from "#repository/primitives.ts";
import type { Repository, UnpackedType } from "#repository/repository.ts";

export { MAX_BLOB } from "#repository/blob-limits.ts";

/** An unpacked file beyond this is refused: restic's own largest are index files of some 40 MiB. */
const MAX_UNPACKED = 512 * 1024 * 1024;

/**
 * What another thread needs to attach to an opened repository. Structured-cloneable; holds the key.
 */
export interface RepositorySeed {
  readonly config: Config;
  readonly masterKey: MasterKey;
  readonly keyId: string;
  /** From {@link BlobIndex.share}; absent for an empty index. */
  readonly index?: unknown;
}

export class OpenedRepository implements Repository {
  readonly backend: Backend;
  readonly primitives: Primitives;
  readonly config: Config;
  readonly aead: Aead;
  readonly masterKey: MasterKey;
  readonly keyId: string;
  readonly index: BlobIndex;

  constructor(backend: Backend, primitives: Primitives, seed: RepositorySeed) {
    this.backend = backend;
    this.primitives = primitives;
    this.config = seed.config;
    this.masterKey = seed.masterKey;
    this.keyId = seed.keyId;
    this.aead = primitives.crypto.createAead(seed.masterKey);
    this.index = primitives.createBlobIndex(seed.index);
  }

  /** For another thread of this process. */
  seed(): RepositorySeed {
    const { config, masterKey, keyId } = this;
    return { config, masterKey, keyId, index: this.index.share() };
  }

  async loadUnpacked(
    type: UnpackedType,
    id: string,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    const file = { type, name: id };
    return this.#twice(file, async () => {
      const stored = await this.backend.read(file, options);
      if (toHex(this.primitives.crypto.sha256(stored)) !== id) {
        throw new CofferError("BAD_HASH", "its bytes do not have the hash in its name");
      }
      const plain = this.aead.open(stored);
      const { version } = this.config;
      const { zstd } = this.primitives;
      return decodeUnpacked(version, plain, (frame) => zstd.decompress(frame, MAX_UNPACKED));
    });
  }

  async saveUnpacked(
    type: UnpackedType,
    json: Uint8Array,
    options: CallOptions = {},
  ): Promise<string> {
    const { zstd, crypto } = this.primitives;
    const compress = (bytes: Uint8Array): Uint8Array =>
      zstd.compress(bytes, compressionLevel("auto"));
    const plain = encodeUnpacked(this.config.version, json, compress);
    const stored = this.aead.seal(plain);
    if (!equalBytes(this.aead.open(stored), plain)) {
      throw new CofferError("BAD_HASH", `Sealing a ${type} file does not reproduce its bytes`);
    }
    const name = toHex(crypto.sha256(stored));
    await this.backend.write({ type, name }, [stored], options);
    return name;
  }

  async loadBlob(type: BlobType, id: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    const copies = this.index.lookupAll(type, id);
    let failure: unknown;
    for (const copy of copies) {
      const file: FileRef = { type: "pack", name: toHex(this.index.packId(copy.pack)) };
      const range = { ...options, offset: copy.offset, length: copy.length };
      try {
        return await this.#twice(file, async () =>
          this.decodeBlob(id, await this.backend.read(file, range), copy.rawLength),
        );
      } catch (error) {
        if (!isCorruption(error) && !isMissing(error)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    throw new CofferError("MISSING_BLOB", `No index names ${type} blob ${toHex(id, 0, 4)}`, {
      data: { blob: toHex(id), type },
    });
  }

  decodeBlob(id: Uint8Array, stored: Uint8Array, rawLength: number): Uint8Array {
    checkBlobClaim(id, rawLength, stored.length);
    const payload = this.aead.open(stored);
    const plain = this.decodePayload(id, payload, rawLength);
    if (plain !== payload) release(payload);
    return plain;
  }

  decodePayload(
    id: Uint8Array,
    payload: Uint8Array,
    rawLength: number,
    room?: Uint8Array,
  ): Uint8Array {
    checkBlobClaim(id, rawLength, payload.length + SEAL_OVERHEAD);
    const { crypto, zstd } = this.primitives;
    const plain = rawLength === 0 ? payload : zstd.decompress(payload, rawLength, room);
    if (rawLength !== 0 && plain.length !== rawLength) {
      throw new CofferError(
        "BAD_FORMAT",
        `Blob ${toHex(id, 0, 4)} holds ${plain.length} bytes where the index says ${rawLength}`,
      );
    }
    if (!equalBytes(crypto.sha256(plain), id)) {
      throw new CofferError(
        "BAD_HASH",
        `Blob ${toHex(id, 0, 4)} does not have the hash it is named by`,
      );
    }
    return plain;
  }

  readPack(
    pack: number,
    offset: number,
    length: number,
    options: CallOptions & Pick<ReadOptions, "into"> = {},
  ): Promise<Uint8Array> {
    const file: FileRef = { type: "pack", name: toHex(this.index.packId(pack)) };
    return this.backend.read(file, { ...options, offset, length });
  }

  /**
   * Runs a load; on damage runs it once more, then reports the second answer with the file's name.
   */
  async #twice<T>(file: FileRef, load: () => Promise<T>): Promise<T> {
    try {
      return await load();
    } catch (error) {
      if (!isCorruption(error)) throw error;
    }
    try {
      return await load();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      throw new CofferError(error.code, `Cannot read ${describeFile(file)}: ${messageOf(error)}`, {
        cause: error,
        data: { ...error.data, file: file.name, fileType: file.type },
      });
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof CofferError && error.code === "NOT_FOUND";
}
