/** What a replication has to do: the difference of two listings. Data, shown before the work. */
import type { Backend } from "#backends/backend.ts";
import { HASHED_TYPES, type HashedType, listSizes } from "#operations/replicate/stored-file.ts";

export interface PlannedFile {
  readonly name: string;
  /** Stored size in bytes. */
  readonly size: number;
}

export interface TypePlan {
  readonly sourceFiles: number;
  /** In the source only. */
  readonly missing: readonly PlannedFile[];
  /** In the target only. */
  readonly surplus: readonly PlannedFile[];
  /** In both with other sizes: one of the two is damaged. `size` is the target's. */
  readonly different: readonly (PlannedFile & { readonly sourceSize: number })[];
}

export interface ReplicatePlan {
  readonly types: Readonly<Record<HashedType, TypePlan>>;
  readonly files: number;
  /** To be copied, without the config. */
  readonly bytes: number;
  readonly surplusFiles: number;
  readonly surplusBytes: number;
}

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists both sides. In the source snapshots come first, so that everything a listed snapshot needs
 * was there to be listed. Memory: some 150 bytes a file.
 */
export async function makePlan(
  source: Backend,
  target: Backend,
  { signal }: Cancel,
): Promise<ReplicatePlan> {
  const types: Partial<Record<HashedType, TypePlan>> = {};
  for (const type of HASHED_TYPES.toReversed()) {
    const [from, to] = await Promise.all([
      listSizes(source, type, { signal }),
      listSizes(target, type, { signal }),
    ]);
    types[type] = compare(from, to);
  }
  const all = HASHED_TYPES.map((type) => types[type]!);
  const missing = all.flatMap((plan) => plan.missing);
  const surplus = all.flatMap((plan) => plan.surplus);
  return {
    types: types as Record<HashedType, TypePlan>,
    files: missing.length,
    bytes: totalSize(missing),
    surplusFiles: surplus.length,
    surplusBytes: totalSize(surplus),
  };
}

function compare(from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>): TypePlan {
  const missing: PlannedFile[] = [];
  const different: (PlannedFile & { sourceSize: number })[] = [];
  for (const [name, size] of from) {
    const held = to.get(name);
    if (held === undefined) missing.push({ name, size });
    else if (held !== size) different.push({ name, size: held, sourceSize: size });
  }
  const surplus: PlannedFile[] = [];
  for (const [name, size] of to) if (!from.has(name)) surplus.push({ name, size });
  return { sourceFiles: from.size, missing, surplus, different };
}

function totalSize(files: readonly PlannedFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}
