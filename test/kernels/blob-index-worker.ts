/** One thread of blob-index-threads.test.ts: attaches to the table, waits for the others, works. */
import { parentPort, workerData } from "node:worker_threads";
import { equalBytes } from "#base/bytes.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";

export interface WorkerTask {
  readonly job: "claim" | "grow" | "exclude" | "load";
  readonly table: unknown;
  readonly thread: number;
  readonly threads: number;
  /** 32-byte ids, one after the other. */
  readonly ids: Uint8Array;
  /** Word 0: threads that are ready. Then one word of progress for each thread. */
  readonly gate: Int32Array;
  /** Winners of each id, or a counter that only a claim protects. */
  readonly counters: Int32Array;
  readonly json: Uint8Array;
}

const task = workerData as WorkerTask;
const { ids, gate, counters, thread, threads } = task;
const index = createWasmBlobIndex({ shared: true, attach: task.table });
const count = ids.length / 32;
const idAt = (i: number): Uint8Array => ids.subarray(i * 32, i * 32 + 32);
const location = { pack: 0, offset: 0, length: 0, rawLength: 0 };

/** Claims every id, each thread from another end; a winner of an odd id stores it. */
function claimAll(): number {
  let won = 0;
  for (let k = 0; k < count; k++) {
    const i = thread % 2 === 0 ? k : count - 1 - k;
    if (!index.claim("data", idAt(i))) continue;
    won++;
    Atomics.add(counters, i, 1);
    if (i % 2 === 0) continue;
    Object.assign(location, { pack: 0, offset: i, length: i, rawLength: 0 });
    index.add("data", idAt(i), location);
  }
  return won;
}

/**
 * Adds its share of ids; meanwhile what any thread reports as added must be found, and be right.
 */
function addAndFind(): number {
  const share = count / threads;
  let checked = 0;
  for (let k = 0; k < share; k++) {
    const own = thread * share + k;
    const packId = idAt(own % 30_000);
    const pack = index.addPack(packId);
    if (!equalBytes(index.packId(pack), packId)) throw new Error("pack ids mixed up");
    Object.assign(location, { pack, offset: own, length: own + 1, rawLength: own + 2 });
    index.add("tree", idAt(own), location);
    Atomics.store(gate, 1 + thread, k + 1);
    for (let other = 0; other < threads; other++) {
      const known = Atomics.load(gate, 1 + other);
      if (known === 0) continue;
      const i = other * share + ((k * 7919) % known);
      if (!index.lookup("tree", idAt(i), location)) throw new Error(`blob ${i} is lost`);
      const { offset, length, rawLength } = location;
      if (offset !== i || length !== i + 1 || rawLength !== i + 2) throw new Error("torn entry");
      if (!equalBytes(index.packId(location.pack), idAt(i % 30_000))) throw new Error("wrong pack");
      if (index.has("data", idAt(i))) throw new Error("found what was never added");
      checked++;
    }
  }
  return checked;
}

/** Counts up without atomics while it holds a claim, so that a second winner would lose counts. */
function exclude(): number {
  let won = 0;
  while (won < 20_000) {
    if (!index.claim("data", idAt(0))) continue;
    counters[0] = counters[0]! + 1;
    won++;
    index.unclaim("data", idAt(0));
  }
  return won;
}

const jobs = {
  claim: claimAll,
  grow: addAndFind,
  exclude,
  load: (): number => index.loadIndexFile(task.json),
};
Atomics.add(gate, 0, 1);
while (Atomics.load(gate, 0) < threads);
parentPort!.postMessage(jobs[task.job]());
