/**
 * Index files: each decodes, and what they say of each pack is possible and free of contradiction.
 */
import { toHex, utf8 } from "#base/bytes.ts";
import { isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import { idToBytes, shortId } from "#format/id.ts";
import { type IndexedPack, readIndexFile } from "#format/index-file.ts";
import { packBytes } from "#format/pack-header.ts";
import type { CheckedObject } from "#operations/check/check-types.ts";
import type { Findings } from "#operations/check/findings.ts";
import { PACK, type PackTable } from "#operations/check/pack-table.ts";
import type { Repository } from "#repository/repository.ts";

export interface IndexCheck {
  readonly files: number;
  /** An index file is damaged, or indexes contradict or repeat each other. */
  readonly needsRepair: boolean;
}

/**
 * Loads all index files into the repository's blob index, which must be empty, and the pack table.
 * Damaged files are left out and reported; the check goes on with what the others say.
 */
export async function checkIndexes(
  repo: Repository,
  packs: PackTable,
  findings: Findings,
  context: { signal?: AbortSignal | undefined; progress(done: number, total: number): void },
): Promise<IndexCheck> {
  const names: string[] = [];
  for await (const { name } of repo.backend.list("index", { signal: context.signal })) {
    names.push(name);
  }
  const queue = names.toSorted();
  const reader = new IndexReader(repo, packs, findings);
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      throwIfAborted(context.signal);
      await reader.file(name, context.signal);
      context.progress(++done, names.length);
    }
  };
  const lanes = Math.max(1, Math.min(repo.backend.connections, queue.length));
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  reader.remarkOnMixed();
  return { files: names.length, needsRepair: reader.needsRepair };
}

class IndexReader {
  needsRepair = false;
  readonly #repo: Repository;
  readonly #packs: PackTable;
  readonly #findings: Findings;

  constructor(repo: Repository, packs: PackTable, findings: Findings) {
    this.#repo = repo;
    this.#packs = packs;
    this.#findings = findings;
  }

  async file(name: string, signal: AbortSignal | undefined): Promise<void> {
    const object: CheckedObject = { kind: "index", id: name };
    try {
      const json = await this.#repo.loadUnpacked("index", name, { signal });
      const what = `Index ${shortId(name)}`;
      // Proven to decode before any of it counts.
      const summaries = [...readIndexFile(json, this.#repo.config.version, what)].map((pack) =>
        this.#summarise(pack),
      );
      this.#repo.index.loadIndexFile(json);
      for (const summary of summaries) this.#pack(summary, name);
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "NOT_FOUND", "DENIED")) throw error;
      this.needsRepair = true;
      const text = `Index ${shortId(name)} cannot be used: ${error.message}`;
      this.#findings.error(error.code, object, text);
    }
  }

  #summarise(pack: IndexedPack): PackSummary {
    const blobs = pack.blobs.toSorted((a, b) => a.offset - b.offset || (a.id < b.id ? -1 : 1));
    let end = 0;
    let gap = -1;
    let flags = PACK.indexed as number;
    let text = "";
    for (const { type, id, offset, length, rawLength } of blobs) {
      if (offset !== end && gap < 0) gap = end;
      end = offset + length;
      flags |= type === "data" ? PACK.hasData : PACK.hasTrees;
      text += `${type}${id}${offset},${length},${rawLength};`;
    }
    const hash = this.#repo.primitives.crypto.sha256(utf8(text));
    return {
      id: idToBytes(pack.id),
      size: packBytes(blobs),
      entries: blobs.length,
      flags,
      gap,
      fingerprint: toHex(hash, 0, 8),
    };
  }

  #pack(summary: PackSummary, index: string): void {
    const packs = this.#packs;
    const pack = packs.add(summary.id);
    const id = packs.id(pack);
    const object: CheckedObject = { kind: "pack", id };
    if (packs.has(pack, PACK.indexed)) {
      this.needsRepair = true;
      if (packs.fingerprint[pack] === summary.fingerprint) {
        const message = `Pack ${shortId(id)} is in index ${shortId(index)} and in another one`;
        this.#findings.remark({ code: "DUPLICATE_PACK", object, message });
      } else {
        const text = `Pack ${shortId(id)} has different content in different indexes`;
        this.#fault(pack, object, text);
      }
      return;
    }
    packs.link(pack, this.#repo.index.addPack(summary.id));
    packs.set(pack, summary.flags);
    packs.expectedSize[pack] = summary.size;
    packs.entries[pack] = summary.entries;
    packs.fingerprint[pack] = summary.fingerprint;
    if (summary.gap >= 0) {
      this.needsRepair = true;
      const text =
        `Index ${shortId(index)} says of pack ${shortId(id)} that its blobs are not ` +
        `adjacent at byte ${summary.gap}`;
      this.#fault(pack, object, text);
    }
  }

  #fault(pack: number, object: CheckedObject, text: string): void {
    this.#packs.set(pack, PACK.faulty);
    this.#packs.finding[pack] = this.#findings.error("BAD_FORMAT", object, text);
  }

  remarkOnMixed(): void {
    for (let pack = 0; pack < this.#packs.size; pack++) {
      if (!this.#packs.has(pack, PACK.hasData) || !this.#packs.has(pack, PACK.hasTrees)) continue;
      const id = this.#packs.id(pack);
      const message = `Pack ${shortId(id)} holds both data and trees`;
      this.#findings.remark({ code: "MIXED_PACK", object: { kind: "pack", id }, message });
    }
  }
}

interface PackSummary {
  readonly id: Uint8Array;
  readonly size: number;
  readonly entries: number;
  readonly flags: number;
  /** Where the entries stop being adjacent; −1 if they are. */
  readonly gap: number;
  readonly fingerprint: string;
}
