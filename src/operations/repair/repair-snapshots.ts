/**
 * Makes snapshots whose trees or contents are lost usable again (docs/format.md, section 16): new
 * trees without what is lost, new snapshots that name them. Old snapshots stay unless asked
 * otherwise. A snapshot whose root is lost holds nothing that could be kept; it is named, and
 * removed only with `forget`.
 */
import { toHex } from "#base/bytes.ts";
import { type CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { type HexId, idFromBytes, idToBytes } from "#format/id.ts";
import type { Snapshot } from "#format/snapshot.ts";
import type { PackSettings } from "#operations/prune/prune-types.ts";
import { DirectSaver } from "#operations/repair/direct-saver.ts";
import {
  emptyTreeBytes,
  repairTree,
  subtreesOf,
  type TreeLoss,
} from "#operations/repair/repair-tree.ts";
import { findEqual, removeSnapshotFile } from "#operations/tag.ts";
import type { Repository } from "#repository/repository.ts";
import { saveSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";

/** Tag of repaired snapshots that stand beside the damaged ones. */
export const REPAIRED_TAG = "repaired";

export interface RepairSnapshotsOptions {
  readonly settings: PackSettings;
  /** Remove the damaged snapshots; the repaired ones then take their place. */
  readonly forget: boolean;
  /** Store and remove nothing. */
  readonly dryRun: boolean;
}

export type RepairSnapshotsEvent =
  | { readonly kind: "tree-lost"; readonly tree: string; readonly error: CofferError }
  | { readonly kind: "loss"; readonly tree: string; readonly loss: TreeLoss }
  | {
      readonly kind: "snapshot";
      readonly snapshot: StoredSnapshot;
      readonly outcome: "sound" | "repaired" | "lost";
      /** Id of the repaired one; absent in a dry run. */
      readonly newId?: HexId;
    };

export interface RepairSnapshotsResult {
  readonly sound: number;
  readonly repaired: number;
  /** Snapshots whose root cannot be read. */
  readonly lost: number;
}

/**
 * Repairs the given snapshots. The index is loaded and tells what is there; the caller holds an
 * exclusive lock. Memory: some 200 bytes a tree.
 * @param all every snapshot of the repository: what an interrupted run left is found there
 */
export async function repairSnapshots(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  options: RepairSnapshotsOptions,
  all: readonly StoredSnapshot[],
  context: OperationContext<RepairSnapshotsEvent> = {},
): Promise<RepairSnapshotsResult> {
  const { signal, progress } = context;
  const repair = new TreeRepair(repo, options, context);
  const result = { sound: 0, repaired: 0, lost: 0 };
  for (const snapshot of snapshots) {
    throwIfAborted(signal);
    const tree = await repair.root(idToBytes(snapshot.tree));
    if (tree === undefined) {
      result.lost++;
      if (options.forget && !options.dryRun) await removeSnapshotFile(repo, snapshot.id, signal);
      progress?.({ kind: "snapshot", snapshot, outcome: "lost" });
    } else if (idFromBytes(tree) === snapshot.tree) {
      result.sound++;
      progress?.({ kind: "snapshot", snapshot, outcome: "sound" });
    } else {
      result.repaired++;
      const newId = options.dryRun ? {} : { newId: await replace(snapshot, tree) };
      progress?.({ kind: "snapshot", snapshot, outcome: "repaired", ...newId });
    }
  }
  return result;

  async function replace(snapshot: StoredSnapshot, tree: Uint8Array): Promise<HexId> {
    await repair.flush();
    const { id, ...fields } = snapshot;
    const tags = options.forget ? fields.tags : [...new Set([...fields.tags, REPAIRED_TAG])];
    const wanted: Snapshot = { ...fields, tree: idFromBytes(tree), original: id, tags };
    const newId = findEqual(all, wanted) ?? (await saveSnapshot(repo, wanted, { signal }));
    if (options.forget) await removeSnapshotFile(repo, id, signal);
    return newId;
  }
}

/** Repairs trees bottom-up, each once however often it occurs; no recursion, as trees are deep. */
class TreeRepair {
  readonly #repo: Repository;
  readonly #options: RepairSnapshotsOptions;
  readonly #context: OperationContext<RepairSnapshotsEvent>;
  readonly #saver: DirectSaver;
  /** Id of the repaired tree by id; undefined where nothing can be read. */
  readonly #done = new Map<string, Uint8Array | undefined>();
  #emptyTree: Uint8Array | undefined;

  constructor(
    repo: Repository,
    options: RepairSnapshotsOptions,
    context: OperationContext<RepairSnapshotsEvent>,
  ) {
    this.#repo = repo;
    this.#options = options;
    this.#context = context;
    this.#saver = new DirectSaver(repo, options.settings, context.signal);
  }

  flush(): Promise<void> {
    return this.#saver.flush();
  }

  /** Id of the repaired tree; the same id if it is sound; undefined if it cannot be read. */
  async root(id: Uint8Array): Promise<Uint8Array | undefined> {
    const stack = [{ id, isOpen: false }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      throwIfAborted(this.#context.signal);
      if (this.#done.has(toHex(top.id))) stack.pop();
      else if (top.isOpen) {
        this.#done.set(toHex(top.id), await this.#repair(top.id));
        stack.pop();
      } else {
        top.isOpen = true;
        for (const child of await this.#children(top.id)) {
          if (!this.#done.has(toHex(child))) stack.push({ id: child, isOpen: false });
        }
      }
    }
    return this.#done.get(toHex(id));
  }

  /** Children of a tree; none, and the tree is done, when it cannot be read. */
  async #children(id: Uint8Array): Promise<Uint8Array[]> {
    try {
      const bytes = await this.#repo.loadBlob("tree", id);
      return subtreesOf(bytes, `Tree ${toHex(id, 0, 4)}`);
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "MISSING_BLOB", "NOT_FOUND")) throw error;
      this.#done.set(toHex(id), undefined);
      this.#context.progress?.({ kind: "tree-lost", tree: toHex(id), error });
      return [];
    }
  }

  async #repair(id: Uint8Array): Promise<Uint8Array> {
    const { index } = this.#repo;
    const bytes = await this.#repo.loadBlob("tree", id);
    const what = `Tree ${toHex(id, 0, 4)}`;
    const empty = (this.#emptyTree ??= this.#repo.primitives.crypto.sha256(emptyTreeBytes()));
    const child = (subtree: Uint8Array): Uint8Array | undefined => this.#done.get(toHex(subtree));
    const repaired = repairTree(bytes, what, index, child, empty);
    for (const loss of repaired.losses) {
      this.#context.progress?.({ kind: "loss", tree: toHex(id), loss });
    }
    if (!repaired.bytes) return id;
    if (repaired.losses.some((loss) => loss.what === "folder")) await this.#save(emptyTreeBytes());
    return this.#save(repaired.bytes);
  }

  async #save(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#options.dryRun) return this.#repo.primitives.crypto.sha256(bytes);
    const { blobs } = this.#saver;
    if (blobs.isBusy) await blobs.ready();
    return blobs.save("tree", bytes);
  }
}
