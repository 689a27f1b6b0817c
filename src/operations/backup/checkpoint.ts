/**
 * Checkpoints of an interrupted backup. What is finished so far is stored as ordinary tree blobs,
 * and the id of that partial root is kept beside the machine's cache, sealed with the repository's
 * key. The next run compares files with it as with a parent snapshot, so that nothing it covers is
 * read again. It is no snapshot: official restic never sees it, and no retention rule can mistake
 * it for one (docs/adr/0007-checkpoints.md).
 */
import { toHex, utf8, fromHex, fromUtf8 } from "#base/bytes.ts";
import { completeFolder } from "#format/tree-encode.ts";
import type { ArchiveFolder } from "#operations/backup/archive-folder.ts";
import type { Archiver } from "#operations/backup/archiver.ts";
import type { BackupOptions } from "#operations/backup/options.ts";
import type { Repository } from "#repository/repository.ts";

/**
 * Where checkpoints are kept between runs: small sealed records by key. Losing one only costs time.
 */
export interface CheckpointStore {
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, record: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

/** The record of one host and its sources in a store; everything about it may be lost. */
export class Checkpoint {
  readonly #repository: Repository;
  readonly #store: CheckpointStore | undefined;
  readonly #key: string;

  constructor(
    repository: Repository,
    store: CheckpointStore | undefined,
    options: Pick<BackupOptions, "hostname" | "paths" | "dryRun">,
  ) {
    const identity = JSON.stringify([options.hostname, options.paths]);
    this.#repository = repository;
    this.#store = options.dryRun ? undefined : store;
    this.#key = toHex(repository.primitives.crypto.sha256(utf8(identity)));
  }

  /** Whether records are kept at all: not in a dry run, nor without a place for them. */
  get isKept(): boolean {
    return this.#store !== undefined;
  }

  /** Partial root tree of an interrupted run; undefined when there is none that is still stored. */
  async load(): Promise<Uint8Array | undefined> {
    const record = await this.#store?.load(this.#key);
    if (!record) return undefined;
    let tree: unknown;
    try {
      const text = fromUtf8(this.#repository.aead.open(record));
      tree = (JSON.parse(text) as { tree?: unknown }).tree;
    } catch {
      // Of another repository, or damaged: worth nothing, and nothing is lost.
      return undefined;
    }
    const id = typeof tree === "string" ? fromHex(tree) : undefined;
    return id?.length === 32 && this.#repository.index.has("tree", id) ? id : undefined;
  }

  /** Remembers a partial root whose blobs are durable and indexed. */
  async save(tree: Uint8Array): Promise<void> {
    const record = this.#repository.aead.seal(utf8(JSON.stringify({ tree: toHex(tree) })));
    await this.#store?.save(this.#key, record);
  }

  async clear(): Promise<void> {
    await this.#store?.remove(this.#key);
  }
}

/**
 * Stores the trees of everything finished so far, open folders cut short. Call in a quiet moment.
 */
export async function savePartialTree(
  archiver: Archiver,
  folder: ArchiveFolder,
): Promise<Uint8Array> {
  const nodes: Uint8Array[] = [];
  for (const entry of folder.section.entries()) {
    if (entry instanceof Uint8Array) nodes.push(entry);
    else if (entry.facts.head) {
      nodes.push(completeFolder(entry.facts.head, await savePartialTree(archiver, entry)));
    }
  }
  return (await archiver.saveTree(nodes)).id;
}
