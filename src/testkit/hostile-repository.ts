/**
 * Builds repositories of any content, sound or hostile, with a known password: trees from raw JSON,
 * sizes that lie, blobs under wrong names, packs and indexes that contradict each other. Damage is
 * done before sealing, so that it passes authentication.
 */
import type { Backend } from "#backends/backend.ts";
import { concatBytes, toHex, utf8 } from "#base/bytes.ts";
import type { Config } from "#format/config.ts";
import { type HexId, idFromBytes } from "#format/id.ts";
import { encodeIndexFile, type IndexedPack, indexedPack } from "#format/index-file.ts";
import { encodeHeaderLength, encodePackHeader, type PackEntry } from "#format/pack-header.ts";
import { encodeSnapshot, type Snapshot } from "#format/snapshot.ts";
import { initRepository } from "#operations/init.ts";
import type { BlobType } from "#repository/blob-index.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import type { Primitives } from "#repository/primitives.ts";

/** Opens every repository made here. */
export const HOSTILE_PASSWORD = utf8("hostile");

/** restic opens such a key too, in no time. */
const CHEAP = { N: 2, r: 1, p: 1 };

export interface BlobOptions {
  /** Compress the payload; default false. */
  readonly compress?: boolean;
  /** Pretend to be this blob. Default the SHA-256 of the plaintext. */
  readonly id?: Uint8Array;
  /** Pretend to have this plaintext length; only for compressed ones. */
  readonly rawLength?: number;
  /** Store these bytes instead of the sealed payload. */
  readonly stored?: Uint8Array;
}

export interface PackOptions {
  /** Changes the header's entries; the index keeps the true ones. */
  readonly header?: (entries: PackEntry[]) => PackEntry[];
  /** Changes the entries that the index gets. */
  readonly indexed?: (pack: IndexedPack) => IndexedPack;
  /** Leave the pack out of the index. */
  readonly unindexed?: boolean;
}

/** A tree node as JSON fields; whatever is given wins over a sound file's or folder's fields. */
export type NodeFields = Readonly<Record<string, unknown>>;

const TIME = "2024-01-02T03:04:05Z";

/** Collects blobs, then packs, an index and snapshots. Call {@link flush} before opening. */
export class HostileRepository {
  readonly repo: OpenedRepository;
  #pending: { entry: Omit<PackEntry, "offset">; stored: Uint8Array }[] = [];
  #packs: IndexedPack[] = [];

  private constructor(repo: OpenedRepository) {
    this.repo = repo;
  }

  /** An empty repository in the storage, opened by {@link HOSTILE_PASSWORD}. */
  static async create(
    backend: Backend,
    primitives: Primitives,
    version: 1 | 2 = 2,
  ): Promise<HostileRepository> {
    const made = await initRepository(backend, primitives, {
      password: HOSTILE_PASSWORD,
      owner: { username: "u", hostname: "h" },
      version,
      // Irreducible (test/vectors/chunker.json); drawing one takes a second of big-number work.
      chunkerPolynomial: 0x25b468838dcb75n,
      cost: CHEAP,
    });
    return new HostileRepository(new OpenedRepository(backend, primitives, made));
  }

  get config(): Config {
    return this.repo.config;
  }

  /** A fresh view of the same storage with an empty index, as a command opens it. */
  reopen(): OpenedRepository {
    const { backend, primitives, config, masterKey, keyId } = this.repo;
    return new OpenedRepository(backend, primitives, { config, masterKey, keyId });
  }

  /** Adds a blob to the pack being collected; returns its id. */
  blob(type: BlobType, plain: Uint8Array, options: BlobOptions = {}): Uint8Array {
    const { primitives, aead } = this.repo;
    const id = options.id ?? primitives.crypto.sha256(plain);
    const compress = options.compress ?? false;
    const payload = compress ? primitives.zstd.compress(plain, 3) : plain;
    const stored = options.stored ?? aead.seal(payload);
    const rawLength = options.rawLength ?? (compress ? plain.length : 0);
    this.#pending.push({ entry: { type, id, length: stored.length, rawLength }, stored });
    return id;
  }

  data(text: string, options?: BlobOptions): Uint8Array {
    return this.blob("data", utf8(text), options);
  }

  /** A tree of nodes, in the order given. */
  tree(nodes: readonly NodeFields[], options?: BlobOptions): Uint8Array {
    return this.blob("tree", utf8(`${JSON.stringify({ nodes })}\n`), options);
  }

  /** A tree of any text. */
  rawTree(json: string, options?: BlobOptions): Uint8Array {
    return this.blob("tree", utf8(json), options);
  }

  /** Closes the collected blobs into a pack and stores it; returns its id. */
  async pack(options: PackOptions = {}): Promise<HexId> {
    const { crypto } = this.repo.primitives;
    let offset = 0;
    const entries: PackEntry[] = this.#pending.map(({ entry }) => {
      const placed = { ...entry, offset };
      offset += entry.length;
      return placed;
    });
    const header = this.repo.aead.seal(encodePackHeader(options.header?.(entries) ?? entries));
    const stored = this.#pending.map((blob) => blob.stored);
    const bytes = concatBytes([...stored, header, encodeHeaderLength(header.length)]);
    const id = idFromBytes(crypto.sha256(bytes));
    this.#pending = [];
    await this.repo.backend.write({ type: "pack", name: id }, [bytes]);
    if (!options.unindexed) {
      const sound = indexedPack(id, entries);
      this.#packs.push(options.indexed?.(sound) ?? sound);
    }
    return id;
  }

  /** Stores an index of the given packs, or of all packs since the last one. */
  async index(packs?: readonly IndexedPack[]): Promise<string> {
    const listed = packs ?? this.#packs;
    if (!packs) this.#packs = [];
    return this.repo.saveUnpacked("index", encodeIndexFile(listed));
  }

  /** Packs waiting for {@link index}. */
  get packs(): readonly IndexedPack[] {
    return this.#packs;
  }

  /** Packs what is collected and indexes it. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.pack();
    if (this.#packs.length > 0) await this.index();
  }

  async snapshot(tree: Uint8Array, fields: Partial<Snapshot> = {}): Promise<HexId> {
    const snapshot: Snapshot = {
      time: { seconds: 1_700_000_000, nanos: 0, offsetMinutes: 0 },
      tree: idFromBytes(tree),
      paths: ["/d"],
      hostname: "h",
      username: "u",
      uid: 0,
      gid: 0,
      excludes: [],
      tags: [],
      programVersion: "",
      extra: [],
      ...fields,
    };
    return (await this.repo.saveUnpacked("snapshot", encodeSnapshot(snapshot))) as HexId;
  }

  /** A snapshot of any text. */
  async rawSnapshot(json: string): Promise<string> {
    return this.repo.saveUnpacked("snapshot", utf8(json));
  }
}

/** Fields of a file whose content is the given blobs. */
export function fileNode(
  name: string,
  content: readonly Uint8Array[],
  size: number,
  fields: NodeFields = {},
): NodeFields {
  return {
    name,
    type: "file",
    mode: 0o644,
    mtime: TIME,
    atime: TIME,
    ctime: TIME,
    uid: 0,
    gid: 0,
    size,
    content: content.map((id) => toHex(id)),
    ...fields,
  };
}

/** Fields of a folder. */
export function folderNode(name: string, subtree: Uint8Array, fields: NodeFields = {}): NodeFields {
  return {
    name,
    type: "dir",
    mode: 0o755 + 2 ** 31,
    mtime: TIME,
    atime: TIME,
    ctime: TIME,
    uid: 0,
    gid: 0,
    content: null,
    subtree: toHex(subtree),
    ...fields,
  };
}
