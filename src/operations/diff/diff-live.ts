/**
 * A stored folder compared with files on this machine. Content is read and hashed piece by piece as
 * the snapshot has it, up to the first difference; nothing is trusted that a clock or a careless
 * program could fake.
 */
import { compareBytes, concatBytes, equalBytes, utf8 } from "#base/bytes.ts";
import { CofferError, messageOf, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { compareTimestamps } from "#base/timestamp.ts";
import { MAX_CHUNK } from "#chunker/chunker.ts";
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { ID_BYTES } from "#format/id.ts";
import type { Node, NodeMeta } from "#format/node.ts";
import type { DiffOptions } from "#operations/diff/diff.ts";
import {
  countEntry,
  type DiffEvent,
  type DiffStats,
  emptyStats,
} from "#operations/diff/diff-types.ts";
import { sameLasting } from "#operations/diff/same-node.ts";
import { pairUp, readEntries } from "#operations/diff/tree-entries.ts";
import type { SourceFile, SourceTree } from "#platform/source-tree.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";

export interface LiveDiffOptions extends DiffOptions {
  /** 32-byte id of the stored folder's tree. */
  readonly tree: Uint8Array;
  /** The folder on this machine, raw and absolute. */
  readonly path: Uint8Array;
}

const SLASH = utf8("/");

/**
 * Compares; `-` is what only the snapshot has, `+` what only the disk has, `?` a file of unchanged
 * size and time with other content. Paths are those on this machine. The index is loaded. Memory is
 * the trees along one path and the largest blob. Inodes, ctimes, access times and sockets do not
 * count.
 * @throws what loading the root throws, or a system error when the folder cannot be listed
 */
export async function diffLive(
  repo: Repository,
  source: SourceTree,
  options: LiveDiffOptions,
  context: OperationContext<DiffEvent> = {},
): Promise<DiffStats> {
  const run = new LiveDiff(repo, source, options, context);
  const prefix = equalBytes(options.path, SLASH) ? SLASH : concatBytes([options.path, SLASH]);
  await run.compare(prefix, options.path, options.tree);
  return run.stats;
}

interface LiveEntry {
  readonly name: Uint8Array;
}

class LiveDiff {
  readonly stats = emptyStats();
  readonly #repo: Repository;
  readonly #source: SourceTree;
  readonly #options: LiveDiffOptions;
  readonly #context: OperationContext<DiffEvent>;
  readonly #found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  #buffer = new Uint8Array(0);

  constructor(
    repo: Repository,
    source: SourceTree,
    options: LiveDiffOptions,
    context: OperationContext<DiffEvent>,
  ) {
    this.#repo = repo;
    this.#source = source;
    this.#options = options;
    this.#context = context;
  }

  async compare(prefix: Uint8Array, folder: Uint8Array, tree: Uint8Array): Promise<void> {
    const { signal } = this.#context;
    throwIfAborted(signal);
    const stored = await readEntries(this.#repo, tree, { signal });
    const live = this.#list(folder);
    for (const { a, b } of pairUp(stored, live)) {
      const name = (a ?? b!).name;
      const path = concatBytes([prefix, name]);
      if (a && b) await this.#both(path, a.node);
      else if (a) await this.#removed(path, a.node);
      else await this.#tolerate(path, async () => this.#added(path, this.#source.lstat(path)));
    }
  }

  #list(folder: Uint8Array): LiveEntry[] {
    return this.#source
      .list(folder)
      .map((name) => ({ name: name.slice() }))
      .toSorted((a, b) => compareBytes(a.name, b.name));
  }

  async #both(path: Uint8Array, node: Node): Promise<void> {
    await this.#tolerate(path, async () => {
      const meta = this.#source.lstat(path);
      const shown = meta.type === "dir" ? concatBytes([path, SLASH]) : path;
      const modifier = this.#modifier(path, node, meta);
      if (modifier !== "") this.#change(shown, modifier);
      if (node.type === "dir" && node.subtree && meta.type === "dir") {
        await this.compare(shown, path, node.subtree);
      }
    });
  }

  #modifier(path: Uint8Array, node: Node, meta: NodeMeta): string {
    if (node.type !== meta.type) return "T";
    if (node.type === "file" && !this.#sameContent(path, node)) {
      this.stats.changedFiles++;
      const sameTime = compareTimestamps(node.mtime, meta.mtime) === 0;
      return sameTime && node.size === meta.size ? "M?" : "M";
    }
    return this.#options.metadata && !sameLasting(node, meta) ? "U" : "";
  }

  #sameContent(path: Uint8Array, node: Node): boolean {
    const file = this.#source.open(path);
    try {
      if (file.meta.size !== node.size) return false;
      const content = node.content ?? new Uint8Array(0);
      let size = 0;
      for (let at = 0; at < content.length; at += ID_BYTES) {
        throwIfAborted(this.#context.signal);
        const id = content.subarray(at, at + ID_BYTES);
        const length = this.#lengthOf(id);
        size += length;
        if (size > node.size || !this.#samePiece(file, id, length)) return false;
      }
      return size === node.size && file.read(this.#room(1), 0, 1) === 0;
    } finally {
      file.close();
    }
  }

  #samePiece(file: SourceFile, id: Uint8Array, length: number): boolean {
    const buffer = this.#room(length);
    for (let filled = 0; filled < length;) {
      const n = file.read(buffer, filled, length - filled);
      if (n === 0) return false;
      filled += n;
    }
    return equalBytes(this.#repo.primitives.crypto.sha256(buffer.subarray(0, length)), id);
  }

  #lengthOf(id: Uint8Array): number {
    if (!this.#repo.index.lookup("data", id, this.#found)) {
      throw new CofferError("MISSING_BLOB", "the snapshot's content is not in the repository");
    }
    const length = this.#found.rawLength || this.#found.length - SEAL_OVERHEAD;
    if (length > MAX_CHUNK) {
      throw new CofferError("TOO_LARGE", `a piece of the stored file claims ${length} bytes`);
    }
    return length;
  }

  #room(length: number): Uint8Array {
    if (this.#buffer.length < length) {
      this.#buffer = new Uint8Array(Math.max(length, Math.min(MAX_CHUNK, 2 * this.#buffer.length)));
    }
    return this.#buffer;
  }

  async #added(path: Uint8Array, meta: NodeMeta): Promise<void> {
    // A snapshot never holds sockets.
    if (meta.type === "socket") return;
    const shown = meta.type === "dir" ? concatBytes([path, SLASH]) : path;
    this.#change(shown, "+");
    countEntry(this.stats.added, meta.type);
    this.stats.added.bytes += meta.size;
    if (meta.type !== "dir") return;
    for (const { name } of this.#list(path)) {
      throwIfAborted(this.#context.signal);
      const inside = concatBytes([shown, name]);
      await this.#tolerate(inside, () => this.#added(inside, this.#source.lstat(inside)));
    }
  }

  async #removed(path: Uint8Array, node: Node): Promise<void> {
    const shown = node.type === "dir" ? concatBytes([path, SLASH]) : path;
    this.#change(shown, "-");
    countEntry(this.stats.removed, node.type);
    this.stats.removed.bytes += node.size;
    const { subtree } = node;
    if (node.type !== "dir" || !subtree) return;
    await this.#tolerate(shown, async () => {
      const { signal } = this.#context;
      throwIfAborted(signal);
      for (const inside of await readEntries(this.#repo, subtree, { signal })) {
        await this.#removed(concatBytes([shown, inside.name]), inside.node);
      }
    });
  }

  #change(path: Uint8Array, modifier: string): void {
    this.#context.progress?.({ kind: "change", path, modifier });
  }

  /** One unreadable file or folder does not end the comparison. */
  async #tolerate(path: Uint8Array, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (error instanceof CofferError && (error.code === "ABORTED" || error.code === "INTERNAL")) {
        throw error;
      }
      this.stats.errors++;
      this.#context.progress?.({ kind: "error", path, message: messageOf(error) });
    }
  }
}
