/**
 * Which used blobs have to be moved, and out of which pack: those without a copy in a pack that
 * stays. Proves on the way that every used blob will have a home.
 */
import { toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { idToBytes } from "#format/id.ts";
import type { UsedBlobs } from "#operations/prune/blob-set.ts";
import type { PrunePlan } from "#operations/prune/prune-types.ts";
import type { RepackJob } from "#operations/prune/repack-task.ts";
import type { BlobIndex } from "#repository/blob-index.ts";

const KEEP = 0;
const REPACK = 1;
const DROP = 2;

/** Blobs to move, by the order of the plan's packs: number × 2, plus 1 for trees. */
export type Assignment = readonly (readonly number[])[];

/**
 * Marks each used blob of the plan as placed; a plan can be used once.
 * @throws MISSING_BLOB when a used blob would be left without a copy
 */
export function assignBlobs(index: BlobIndex, plan: PrunePlan): Assignment {
  const { used } = plan;
  const fates = new Uint8Array(index.packCount);
  const order = new Map(plan.repack.map(({ pack }, i) => [pack, i]));
  for (const { pack } of plan.repack) fates[pack] = REPACK;
  for (const id of [...plan.remove, ...plan.forget]) fates[index.addPack(idToBytes(id))] = DROP;
  index.forEach((type, id, { pack }) => {
    if (fates[pack] !== KEEP) return;
    const number = used[type].find(id);
    if (number >= 0) used[type].place(number);
  });
  const assignment: number[][] = plan.repack.map(() => []);
  index.forEach((type, id, { pack }) => {
    if (fates[pack] !== REPACK) return;
    const number = used[type].find(id);
    if (number < 0 || used[type].isPlaced(number)) return;
    used[type].place(number);
    assignment[order.get(pack)!]!.push(2 * number + (type === "tree" ? 1 : 0));
  });
  refuseHomeless(used);
  return assignment;
}

function refuseHomeless(used: UsedBlobs): void {
  for (const type of ["tree", "data"] as const) {
    for (let number = 0; number < used[type].size; number++) {
      if (used[type].isPlaced(number)) continue;
      const id = new Uint8Array(32);
      used[type].copyId(number, id);
      const text = `The plan would lose ${type} blob ${toHex(id, 0, 4)}; nothing was changed`;
      throw new CofferError("MISSING_BLOB", text, { data: { blob: toHex(id) } });
    }
  }
}

/** The task input for one pack. */
export function jobOf(used: UsedBlobs, pack: number, blobs: readonly number[]): RepackJob {
  const ids = new Uint8Array(32 * blobs.length);
  const isTree = new Uint8Array(blobs.length);
  blobs.forEach((blob, i) => {
    isTree[i] = blob % 2;
    used[blob % 2 === 1 ? "tree" : "data"].copyId(Math.floor(blob / 2), ids, 32 * i);
  });
  return { pack, ids, isTree };
}
