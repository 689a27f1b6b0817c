/**
 * Makes a snapshot of trees that no snapshot and no other tree refers to: what is left when
 * snapshots were lost (docs/format.md, section 16). The index is sound and loaded; see
 * `repair/repair-index.ts`.
 */
import { compareBytes, toHex, utf8 } from "#base/bytes.ts";
import { type CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { type HexId, idFromBytes, idToBytes } from "#format/id.ts";
import { GO_MODE, type NodeMeta } from "#format/node.ts";
import { formatUtc } from "#format/time-formatter.ts";
import { encodeNode, encodeTree } from "#format/tree-encode.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import type { PackSettings } from "#operations/prune/prune-types.ts";
import { treeBlobs } from "#operations/prune/tree-blobs.ts";
import { DirectSaver } from "#operations/repair/direct-saver.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";
import { saveSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";

export interface RecoverOptions {
  readonly settings: PackSettings;
  readonly hostname: string;
  readonly username: string;
  readonly uid: number;
  readonly gid: number;
  readonly programVersion: string;
  readonly dryRun: boolean;
}

export type RecoverEvent =
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | { readonly kind: "unreadable"; readonly tree: string; readonly error: CofferError };

export interface RecoverResult {
  /** Trees that nothing refers to. */
  readonly roots: readonly HexId[];
  /** Absent when there are none, and in a dry run. */
  readonly snapshotId?: HexId;
}

/** Trees read at once. */
const LANES = 8;
/** Hex digits of a folder's name, as restic; more where two roots would share it. */
const SHORT_DIGITS = 8;

/** Finds the roots and, unless it is a dry run, saves a snapshot of path `/recover`. */
export async function recover(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  options: RecoverOptions,
  context: OperationContext<RecoverEvent> = {},
): Promise<RecoverResult> {
  const roots = await findRoots(repo, snapshots, context);
  if (roots.length === 0 || options.dryRun) return { roots };
  const { signal } = context;
  const time = repo.primitives.clock.now();
  const saver = new DirectSaver(repo, options.settings, signal);
  const tree = saver.blobs.save("tree", encodeTree(rootNodes(roots, options, time)));
  await saver.flush();
  throwIfAborted(signal);
  const { hostname, username, uid, gid, programVersion } = options;
  const snapshotId = await saveSnapshot(
    repo,
    {
      time: { ...time, offsetMinutes: repo.primitives.clock.offsetMinutesAt(time.seconds) },
      tree: idFromBytes(tree),
      paths: ["/recover"],
      hostname,
      username,
      uid,
      gid,
      excludes: [],
      tags: ["recovered"],
      programVersion,
      extra: [],
    },
    { signal },
  );
  return { roots, snapshotId };
}

/** Readable trees that neither a tree nor a snapshot names, in ascending order. */
async function findRoots(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  { signal, progress }: OperationContext<RecoverEvent>,
): Promise<HexId[]> {
  const trees = new IdTable();
  repo.index.forEach((type, id) => {
    if (type === "tree") trees.add(id);
  });
  const isNamed = new Uint8Array(trees.size);
  const name = (ids: Uint8Array, at: number): void => {
    const number = trees.find(ids, at);
    if (number >= 0) isNamed[number] = 1;
  };
  for (const { tree } of snapshots) name(idToBytes(tree), 0);
  const total = trees.size;
  let started = 0;
  let done = 0;
  const next = (): (() => Promise<void>) | undefined => {
    const number = started++;
    if (number >= total) return undefined;
    return async () => {
      const id = trees.idAt(number);
      try {
        const bytes = await repo.loadBlob("tree", id, { signal });
        const { children } = treeBlobs(bytes, `Tree ${toHex(id, 0, 4)}`);
        for (let at = 0; at < children.length; at += 32) name(children, at);
      } catch (error) {
        if (!isCorruption(error) && !isCofferError(error, "NOT_FOUND")) throw error;
        // It leads nowhere, so it is not offered; what it named may turn out to be roots.
        isNamed[number] = 1;
        progress?.({ kind: "unreadable", tree: toHex(id), error });
      }
      progress?.({ kind: "progress", done: ++done, total });
    };
  };
  await runBounded(LANES, next, signal);
  const roots: HexId[] = [];
  for (let number = 0; number < total; number++) {
    if (isNamed[number] === 0) roots.push(idFromBytes(trees.idAt(number)));
  }
  return roots.toSorted();
}

/** A folder for each root, sorted, names unique. */
function rootNodes(
  roots: readonly HexId[],
  { uid, gid }: RecoverOptions,
  time: Timestamp,
): Uint8Array[] {
  const meta: NodeMeta = {
    type: "dir",
    mode: GO_MODE.dir + 0o755,
    mtime: time,
    atime: time,
    ctime: time,
    uid,
    gid,
    user: "",
    group: "",
    inode: 0n,
    deviceId: 0n,
    size: 0,
    links: 0n,
    xattrs: [],
    device: 0n,
  };
  return folderNames(roots)
    .map((name, i) => ({ name: utf8(name), subtree: idToBytes(roots[i]!) }))
    .toSorted((a, b) => compareBytes(a.name, b.name))
    .map(({ name, subtree }) => encodeNode(meta, name, null, subtree, formatUtc).slice());
}

/** The shortest beginning of each id, eight digits or more, that no other has. Ids are sorted. */
export function folderNames(ids: readonly HexId[]): string[] {
  return ids.map((id, i) => {
    const shared = Math.max(commonDigits(id, ids[i - 1]), commonDigits(id, ids[i + 1]));
    return id.slice(0, Math.max(SHORT_DIGITS, shared + 1));
  });
}

function commonDigits(a: string, b: string | undefined): number {
  let same = 0;
  while (b !== undefined && same < a.length && a[same] === b[same]) same++;
  return same;
}
