/** The `find` command by id: which files and folders refer to blobs, trees and packs. */
import { toHex, utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { ID_BYTES } from "#format/id.ts";
import type { FindEvent, FindResult } from "#operations/find/find-types.ts";
import { type Place, SearchRun } from "#operations/find/search.ts";
import type { BlobType } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface FindObjectsOptions {
  /** Ids or prefixes of them, lower-case hex. */
  readonly blobs: readonly string[];
  readonly trees: readonly string[];
  /** Stands for every blob and tree that the packs hold. */
  readonly packs: readonly string[];
}

/** Short ids as restic shows them have eight digits; shorter ones would find too much. */
const MIN_PREFIX = 8;

/**
 * Finds every place that refers to one of the objects; the index is loaded.
 * @throws BAD_OPTION for what is no id, NOT_FOUND for a pack that no index names, storage errors
 */
export async function findObjects(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  options: FindObjectsOptions,
  context: OperationContext<FindEvent> = {},
): Promise<FindResult> {
  const blobs = new IdSet(options.blobs);
  const trees = new IdSet(options.trees);
  if (options.packs.length > 0) addContents(repo, new IdSet(options.packs), blobs, trees);
  const run = new SearchRun<undefined>(
    repo,
    {
      root: undefined,
      keyOf: () => "",
      mayMatchBelow: () => true,
      enter: () => undefined,
      entry: (place) => objectsAt(place, blobs, trees),
    },
    context,
  );
  for (const snapshot of snapshots) {
    if (trees.has(snapshot.tree)) {
      const root = { kind: "object", type: "tree", id: snapshot.tree } as const;
      run.report({ ...root, path: utf8("/"), parentTree: undefined, snapshot });
    }
    await run.snapshot(snapshot);
  }
  return run.result;
}

function objectsAt(
  { node, path, tree, snapshot }: Place<undefined>,
  blobs: IdSet,
  trees: IdSet,
): FindEvent[] {
  const events: FindEvent[] = [];
  if (node.type === "dir" && node.subtree && !trees.isEmpty) {
    const id = toHex(node.subtree);
    if (trees.has(id)) {
      events.push({ kind: "object", type: "tree", id, path, parentTree: undefined, snapshot });
    }
  }
  if (node.type !== "file" || !node.content || blobs.isEmpty) return events;
  for (let at = 0; at < node.content.length; at += ID_BYTES) {
    const id = toHex(node.content, at, at + ID_BYTES);
    if (!blobs.has(id)) continue;
    const parentTree = toHex(tree);
    events.push({ kind: "object", type: "blob", id, path, parentTree, snapshot });
  }
  return events;
}

/** Where a blob or tree is stored: one line a copy, for people who look for a damaged pack. */
export function packsOf(
  repo: Repository,
  type: BlobType,
  id: Uint8Array,
): { readonly pack: string; readonly offset: number; readonly length: number }[] {
  return repo.index.lookupAll(type, id).map(({ pack, offset, length }) => ({
    pack: toHex(repo.index.packId(pack)),
    offset,
    length,
  }));
}

function addContents(repo: Repository, packs: IdSet, blobs: IdSet, trees: IdSet): void {
  const wanted = new Set<number>();
  for (let pack = 0; pack < repo.index.packCount; pack++) {
    if (packs.has(toHex(repo.index.packId(pack)))) wanted.add(pack);
  }
  if (wanted.size === 0) throw new CofferError("NOT_FOUND", "No index names such a pack");
  repo.index.forEach((type, id, { pack }) => {
    if (wanted.has(pack)) (type === "data" ? blobs : trees).add(toHex(id));
  });
}

/** Full ids and prefixes. */
class IdSet {
  readonly #full = new Set<string>();
  readonly #prefixes: string[] = [];

  constructor(ids: readonly string[]) {
    for (const id of ids) this.add(id);
  }

  get isEmpty(): boolean {
    return this.#full.size === 0 && this.#prefixes.length === 0;
  }

  add(id: string): void {
    if (id.length < MIN_PREFIX || !/^[0-9a-f]{1,64}$/.test(id)) {
      const text = `${JSON.stringify(id)} is no ID: eight or more hex digits`;
      throw new CofferError("BAD_OPTION", text);
    }
    if (id.length === 2 * ID_BYTES) this.#full.add(id);
    else this.#prefixes.push(id);
  }

  has(id: string): boolean {
    return this.#full.has(id) || this.#prefixes.some((prefix) => id.startsWith(prefix));
  }
}
