/** Packs: every indexed one is there with exactly the size that its entries add up to. */
import { fromHex } from "#base/bytes.ts";
import { throwIfAborted } from "#base/errors.ts";
import { shortId } from "#format/id.ts";
import type { CheckedObject } from "#operations/check/check-types.ts";
import type { Findings } from "#operations/check/findings.ts";
import { PACK, type PackTable } from "#operations/check/pack-table.ts";
import type { Repository } from "#repository/repository.ts";

export interface PackCheck {
  /** Packs in the storage. */
  readonly present: number;
  readonly unindexed: number;
  readonly missing: number;
}

/** One listing of all packs. */
export async function checkPacks(
  repo: Repository,
  packs: PackTable,
  findings: Findings,
  signal: AbortSignal | undefined,
): Promise<PackCheck> {
  let present = 0;
  let unindexed = 0;
  let missing = 0;
  for await (const { name, size } of repo.backend.list("pack", { signal })) {
    throwIfAborted(signal);
    const pack = packs.add(fromHex(name)!);
    if (packs.has(pack, PACK.present)) continue;
    present++;
    packs.set(pack, PACK.present);
    packs.actualSize[pack] = size;
    if (packs.has(pack, PACK.indexed)) continue;
    unindexed++;
    const message = `Pack ${shortId(name)} is in no index: left over from an interrupted command`;
    findings.remark({ code: "UNINDEXED_PACK", object: { kind: "pack", id: name }, message });
  }
  for (let pack = 0; pack < packs.size; pack++) {
    if (!packs.has(pack, PACK.indexed)) continue;
    if (!packs.has(pack, PACK.present)) missing++;
    comparePack(packs, pack, findings);
  }
  return { present, unindexed, missing };
}

function comparePack(packs: PackTable, pack: number, findings: Findings): void {
  const id = packs.id(pack);
  const object: CheckedObject = { kind: "pack", id };
  const expected = packs.expectedSize[pack]!;
  const actual = packs.actualSize[pack]!;
  if (packs.has(pack, PACK.present) && actual === expected) return;
  // An index that contradicts itself has been reported; its sum means nothing.
  if (packs.has(pack, PACK.faulty) && packs.has(pack, PACK.present)) return;
  packs.set(pack, PACK.faulty);
  packs.finding[pack] = packs.has(pack, PACK.present)
    ? findings.error(
        "SHORT_READ",
        object,
        `Pack ${shortId(id)} has ${actual} bytes where its index entries add up to ${expected}`,
      )
    : findings.error("NOT_FOUND", object, `Pack ${shortId(id)} is missing`);
}
