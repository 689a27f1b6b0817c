/**
 * Replaces index files by others without some packs, or with some more (docs/format.md, section 7).
 * Every pack that stays is in a durable index file at every moment: all new files are stored before
 * the first old one goes.
 */
import { CofferError, isCofferError, throwIfAborted } from "#base/errors.ts";
import { utf8 } from "#base/bytes.ts";
import { type HexId, idToBytes, shortId } from "#format/id.ts";
import { encodeIndexFile, type IndexedPack, readIndexFile } from "#format/index-file.ts";
import { MAX_PACK_ENTRIES } from "#format/pack-header.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";

/** Blobs from which on an index file is full, and beyond which it is split (restic's values). */
const FULL_BLOBS = 50_000;
const OVERSIZED_BLOBS = FULL_BLOBS + MAX_PACK_ENTRIES;

export interface RewriteRequest {
  /** Names of the index files to look at; others are left alone. */
  readonly files: readonly string[];
  /** Files that cannot be decoded: they go, and nothing of them is taken over. */
  readonly broken?: ReadonlySet<string>;
  /** Packs to leave out. */
  readonly drops: (id: HexId) => boolean;
  /** Packs to list besides. */
  readonly add?: readonly IndexedPack[];
  /** Drop packs that were listed before with equal entries. */
  readonly removeRepeated?: boolean;
  readonly signal?: AbortSignal | undefined;
  progress?(stage: "rewrite" | "remove", done: number, total: number): void;
}

export interface RewriteResult {
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** Reads, stores and removes index files. @throws a damaged index file's error, storage errors */
export async function rewriteIndex(
  repo: Repository,
  request: RewriteRequest,
): Promise<RewriteResult> {
  const { signal } = request;
  const written: string[] = [];
  const save = async (packs: readonly IndexedPack[]): Promise<void> => {
    written.push(await repo.saveUnpacked("index", encodeIndexFile(packs), { signal }));
  };
  const replaced = await collectIndex(repo, request, save);
  await proveStored(repo, "index", new Map(written.map((name) => [name, undefined])), signal);
  await removeIndexFiles(repo, replaced, request);
  return { written, removed: replaced };
}

/**
 * Throws unless every file is there: storages have lost what they had confirmed.
 * @param files names, with sizes in bytes where they are known
 */
export async function proveStored(
  repo: Repository,
  type: "index" | "pack",
  files: ReadonlyMap<string, number | undefined>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [name, size] of files) {
    const found = await repo.backend.stat({ type, name }, { signal });
    if (found && (size === undefined || size === found.size)) continue;
    throw new CofferError(
      "STORAGE_FAILED",
      `The storage confirmed ${type} ${shortId(name)} but does not have it; nothing was removed`,
    );
  }
}

/** @throws storage errors; what depends on the files being gone must not follow then */
export async function removeIndexFiles(
  repo: Repository,
  names: readonly string[],
  { signal, progress }: Pick<RewriteRequest, "signal" | "progress">,
): Promise<void> {
  let done = 0;
  for (const name of names) {
    throwIfAborted(signal);
    try {
      await repo.backend.remove({ type: "index", name }, { signal });
    } catch (error) {
      if (!isCofferError(error, "NOT_FOUND")) throw error;
    }
    progress?.("remove", ++done, names.length);
  }
}

/**
 * Hands out the packs that stay, in batches of a full index file each.
 * @returns the files that the batches replace
 */
export async function collectIndex(
  repo: Repository,
  request: RewriteRequest,
  save: (packs: readonly IndexedPack[]) => Promise<void>,
): Promise<string[]> {
  const collector = new IndexCollector(repo, request, save);
  let done = 0;
  for (const name of new Set(request.files)) {
    throwIfAborted(request.signal);
    await collector.file(name);
    request.progress?.("rewrite", ++done, request.files.length);
  }
  for (const pack of request.add ?? []) await collector.add(pack);
  await collector.finish();
  return collector.replaced;
}

class IndexCollector {
  readonly replaced: string[] = [];
  readonly #repo: Repository;
  readonly #request: RewriteRequest;
  readonly #save: (packs: readonly IndexedPack[]) => Promise<void>;
  readonly #seen = new IdTable();
  #packs: IndexedPack[] = [];
  #blobs = 0;

  constructor(
    repo: Repository,
    request: RewriteRequest,
    save: (packs: readonly IndexedPack[]) => Promise<void>,
  ) {
    this.#repo = repo;
    this.#request = request;
    this.#save = save;
  }

  /** Takes over what stays of a file, unless the file can stay as it is. */
  async file(name: string): Promise<void> {
    const { broken, drops, signal } = this.#request;
    if (broken?.has(name)) {
      this.replaced.push(name);
      return;
    }
    const json = await this.#repo.loadUnpacked("index", name, { signal });
    const version = this.#repo.config.version;
    const packs = [...readIndexFile(json, version, `Index ${shortId(name)}`)];
    const kept = packs.filter((pack) => !drops(pack.id) && !this.#isRepeated(pack));
    const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0);
    const isFull = blobs >= FULL_BLOBS && blobs < OVERSIZED_BLOBS;
    if (kept.length === packs.length && isFull) return;
    this.replaced.push(name);
    for (const pack of kept) await this.add(pack);
  }

  async add(pack: IndexedPack): Promise<void> {
    this.#packs.push(pack);
    this.#blobs += pack.blobs.length;
    if (this.#blobs >= FULL_BLOBS) await this.finish();
  }

  async finish(): Promise<void> {
    if (this.#packs.length === 0) return;
    const packs = this.#packs;
    this.#packs = [];
    this.#blobs = 0;
    await this.#save(packs);
  }

  /** By pack and entries: one with other entries is not a repetition, and both are kept. */
  #isRepeated(pack: IndexedPack): boolean {
    if (this.#request.removeRepeated !== true) return false;
    const before = this.#seen.size;
    return this.#seen.add(packFingerprint(this.#repo, pack)) < before;
  }
}

/** Equal for equal entries in any order. */
function packFingerprint(repo: Repository, { id, blobs }: IndexedPack): Uint8Array {
  const entries = blobs.map(
    (blob) => `${blob.offset},${blob.length},${blob.rawLength},${blob.type},${blob.id}`,
  );
  return repo.primitives.crypto.sha256(utf8(`${id};${entries.toSorted().join(";")}`));
}

/** A lookup over ids, 48 bytes each. */
export function idLookup(ids: Iterable<HexId>): (id: HexId) => boolean {
  const table = new IdTable();
  for (const id of ids) table.add(idToBytes(id));
  return (id) => table.has(idToBytes(id));
}
