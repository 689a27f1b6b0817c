/**
 * Walks a stored folder for an archive and loads content a little ahead of whoever writes it.
 *
 * Invariant: an entry is announced only if all its content is in the index with the size that the
 * entry claims, since archives state sizes first; and only under names that stay where they are
 * unpacked.
 */
import { concatBytes, toHex, utf8 } from "#base/bytes.ts";
import { isCofferError, isCorruption, messageOf, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { ID_BYTES } from "#format/id.ts";
import type { Node, NodeType } from "#format/node.ts";
import { nameProblem } from "#format/safe-name.ts";
import type { ArchiveEntry, DumpEvent } from "#operations/dump/dump-types.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";
import { openTree } from "#repository/snapshot-path.ts";

const SLASH = utf8("/");

export interface WalkOptions {
  /** 32-byte id of the folder's tree. */
  readonly tree: Uint8Array;
  /** Raw path that all entries begin with, without slashes at its ends; may be empty. */
  readonly prefix: Uint8Array;
  /** Whether the archive can hold such an entry. */
  fits(type: NodeType): boolean;
  /** Give further names of a file as links to the first one. */
  readonly hardLinks: boolean;
}

/** Entries in tree order, folders before what they hold. Memory: the trees along one path. */
export async function* walkEntries(
  repo: Repository,
  options: WalkOptions,
  context: OperationContext<DumpEvent>,
): AsyncGenerator<ArchiveEntry> {
  const walk = new EntryWalk(repo, options, context);
  yield* walk.folder(options.tree, options.prefix);
}

class EntryWalk {
  readonly #repo: Repository;
  readonly #options: WalkOptions;
  readonly #context: OperationContext<DumpEvent>;
  readonly #found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  /** Of the file last looked at. */
  #compressible = false;
  /** First names of files with several, by inode, device and content. */
  readonly #linked = new Map<string, Uint8Array>();

  constructor(repo: Repository, options: WalkOptions, context: OperationContext<DumpEvent>) {
    this.#repo = repo;
    this.#options = options;
    this.#context = context;
  }

  async *folder(tree: Uint8Array, prefix: Uint8Array): AsyncGenerator<ArchiveEntry> {
    const { signal } = this.#context;
    throwIfAborted(signal);
    let cursor;
    try {
      cursor = await openTree(this.#repo, tree, { signal });
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "MISSING_BLOB", "NOT_FOUND")) throw error;
      this.#report("error", prefix, messageOf(error));
      return;
    }
    while (cursor.next()) {
      const node = cursor.decode();
      const { name } = node;
      const path = prefix.length === 0 ? name : concatBytes([prefix, SLASH, name]);
      const entry = this.#entry(path, node);
      if (!entry) continue;
      yield entry;
      if (node.type === "dir" && node.subtree) yield* this.folder(node.subtree, path);
    }
  }

  #entry(path: Uint8Array, node: Node): ArchiveEntry | undefined {
    const problem = nameProblem(node.name);
    if (problem !== undefined) {
      this.#report("error", path, `the name was refused: ${problem}`);
      return undefined;
    }
    if (!this.#options.fits(node.type)) {
      this.#report("skipped", path, `such an archive holds no ${node.type || "unknown entry"}`);
      return undefined;
    }
    if (node.type !== "file") {
      return { path, node, size: 0, compressible: false, linkTo: this.#firstName(path, node) };
    }
    // Version 1 never compresses, so that it says nothing about the content.
    this.#compressible = this.#repo.config.version === 1;
    const size = this.#sizeOf(node);
    if (size !== node.size) {
      const text =
        size === undefined
          ? "a part of its content is missing"
          : `its content has ${size} bytes instead of ${node.size}`;
      this.#report("error", path, text);
      return undefined;
    }
    const linkTo = this.#firstName(path, node);
    return { path, node, size: linkTo ? 0 : size, compressible: this.#compressible, linkTo };
  }

  #sizeOf({ content }: Node): number | undefined {
    let size = 0;
    for (let at = 0; at < (content?.length ?? 0); at += ID_BYTES) {
      const id = content!.subarray(at, at + ID_BYTES);
      if (!this.#repo.index.lookup("data", id, this.#found)) return undefined;
      const { rawLength, length } = this.#found;
      size += rawLength || length - SEAL_OVERHEAD;
      this.#compressible ||= rawLength > 0;
    }
    return size;
  }

  #firstName(path: Uint8Array, node: Node): Uint8Array | undefined {
    const isSingle = node.type === "dir" || node.links < 2n || node.inode === 0n;
    if (!this.#options.hardLinks || isSingle) return undefined;
    const { crypto } = this.#repo.primitives;
    // Names of one inode with other content were read at other times: files of their own.
    const content = crypto.sha256(node.content ?? node.linkTarget ?? NONE);
    const key = `${node.type}:${node.inode}:${node.deviceId}:${toHex(content)}`;
    const first = this.#linked.get(key);
    if (!first) this.#linked.set(key, path);
    return first;
  }

  #report(kind: "error" | "skipped", path: Uint8Array, message: string): void {
    this.#context.progress?.({ kind, path, message });
  }
}

const NONE = new Uint8Array(0);
