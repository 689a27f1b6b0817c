/** Moves needed blobs from one repository to the other, pack by pack of the source. */
import { equalBytes, toHex } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import { type BlobRun, blobsTask, packTask, plainTask } from "#operations/copy/copy-tasks.ts";
import type { CopyAmount } from "#operations/copy/copy-types.ts";
import type { NeededBlob } from "#operations/copy/needed-blobs.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Bytes fetched at once; blobs further apart than the second are fetched apart. */
const READ_BYTES = 4 * 1024 * 1024;
const GAP_BYTES = 64 * 1024;

/** Larger packs are not taken over whole, to bound memory; restic makes none. */
const MAX_RAW_PACK = 160 * 1024 * 1024;

export interface CopySides {
  readonly source: Repository;
  readonly target: Repository;
  /** The destination's. */
  readonly pool: TaskPool;
}

interface CopyContext {
  readonly signal?: AbortSignal | undefined;
  readonly onDone: (amount: CopyAmount) => void;
}

/** Both open each other's seals, and what the source stores, the destination may store. */
export function canSharePacks({ source, target }: Pick<CopySides, "source" | "target">): boolean {
  const [a, b] = [source.masterKey, target.masterKey];
  return (
    equalBytes(a.encrypt, b.encrypt) &&
    equalBytes(a.macK, b.macK) &&
    equalBytes(a.macR, b.macR) &&
    source.config.version <= target.config.version
  );
}

/**
 * Copies all blobs; tasks of the copy have begun in every thread.
 * @param blobs in the order of the source's packs
 * @returns how many packs were taken over as they are
 * @throws the error of a blob of which the source has no sound copy
 */
export async function copyBlobs(
  sides: CopySides,
  blobs: readonly NeededBlob[],
  context: CopyContext,
): Promise<number> {
  const { source, pool } = sides;
  const sizes = canSharePacks(sides) ? entriesByPack(source) : undefined;
  let rawPacks = 0;
  let from = 0;
  let runs: NeededBlob[][] = [];
  const copyRuns = (group: readonly NeededBlob[]) => async (): Promise<void> => {
    for (const run of cutRuns(group)) await copyRun(sides, run, context);
  };
  const next = (): (() => Promise<void>) | undefined => {
    const run = runs.pop();
    if (run) return () => copyRun(sides, run, context);
    if (from === blobs.length) return undefined;
    const to = packEnd(blobs, from);
    const group = blobs.slice(from, to);
    from = to;
    if (sizes?.[group[0]!.pack] === group.length) {
      return async () => {
        if (await copyPack(sides, group, context)) rawPacks++;
        else await copyRuns(group)();
      };
    }
    runs = cutRuns(group).reverse();
    return next();
  };
  await runBounded(2 * pool.size, next, context.signal);
  return rawPacks;
}

function packEnd(blobs: readonly NeededBlob[], from: number): number {
  let to = from;
  while (to < blobs.length && blobs[to]!.pack === blobs[from]!.pack) to++;
  return to;
}

/** How many entries the source's index has for each pack. */
function entriesByPack({ index }: Repository): Uint32Array {
  const counts = new Uint32Array(index.packCount);
  index.forEach((_type, _id, { pack }) => {
    counts[pack]!++;
  });
  return counts;
}

/** Stretches that one read fetches. */
function cutRuns(group: readonly NeededBlob[]): NeededBlob[][] {
  const runs: NeededBlob[][] = [];
  let run: NeededBlob[] = [];
  for (const blob of group) {
    const [first, last] = [run[0], run.at(-1)];
    const apart = last && blob.offset - (last.offset + last.length) > GAP_BYTES;
    const long = first && blob.offset + blob.length - first.offset > READ_BYTES;
    if (apart || long) {
      runs.push(run);
      run = [];
    }
    run.push(blob);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

async function copyRun(
  { source, pool }: CopySides,
  run: readonly NeededBlob[],
  { signal, onDone }: CopyContext,
): Promise<void> {
  const [first, last] = [run[0]!, run.at(-1)!];
  const length = last.offset + last.length - first.offset;
  let damaged: readonly number[];
  try {
    const bytes = owned(await source.readPack(first.pack, first.offset, length, { signal }));
    const transfer = [bytes.buffer];
    damaged = await pool.run(blobsTask, describeRun(run, bytes), { transfer });
  } catch (error) {
    // The pack is gone or cut: blobs are looked for one by one.
    if (!isCofferError(error, "NOT_FOUND", "SHORT_READ")) throw error;
    damaged = run.map((_, i) => i);
  }
  for (const i of damaged) {
    const { type, id } = run[i]!;
    // Reads again, and tries every copy before it gives up.
    const plain = await source.loadBlob(type, id, { signal });
    await pool.run(plainTask, { type, id, plain });
  }
  onDone({ blobs: run.length, bytes: run.reduce((sum, blob) => sum + blob.length, 0) });
}

/** Memory of its own, fit to be given to another thread. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length;
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function describeRun(run: readonly NeededBlob[], bytes: Uint8Array): BlobRun {
  const ids = new Uint8Array(run.length * ID_BYTES);
  run.forEach(({ id }, i) => ids.set(id, i * ID_BYTES));
  const from = run[0]!.offset;
  return {
    bytes,
    ids,
    isTree: Uint8Array.from(run, ({ type }) => (type === "tree" ? 1 : 0)),
    starts: Uint32Array.from(run, ({ offset }) => offset - from),
    lengths: Uint32Array.from(run, ({ length }) => length),
    rawLengths: Uint32Array.from(run, ({ rawLength }) => rawLength),
  };
}

/** A pack of which every blob is needed, as it is. */
async function copyPack(
  { source, pool }: CopySides,
  group: readonly NeededBlob[],
  { signal, onDone }: CopyContext,
): Promise<boolean> {
  const name = toHex(source.index.packId(group[0]!.pack));
  try {
    const listed = await source.backend.stat({ type: "pack", name }, { signal });
    if (!listed || listed.size > MAX_RAW_PACK) return false;
    const bytes = owned(await source.backend.read({ type: "pack", name }, { signal }));
    const transfer = [bytes.buffer];
    if (!(await pool.run(packTask, { name, bytes }, { transfer }))) return false;
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND", "SHORT_READ")) throw error;
    return false;
  }
  onDone({ blobs: group.length, bytes: group.reduce((sum, blob) => sum + blob.length, 0) });
  return true;
}
