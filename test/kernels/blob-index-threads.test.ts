/**
 * The shared blob table under real threads: claims are exclusive, growth loses and tears nothing.
 */
import { randomFillSync } from "node:crypto";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { toHex, utf8 } from "#base/bytes.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";
import type { BlobIndex } from "#repository/blob-index.ts";
import type { WorkerTask } from "./blob-index-worker.ts";

const THREADS = 4;

function randomIds(count: number): Uint8Array {
  return randomFillSync(new Uint8Array(new SharedArrayBuffer(count * 32)));
}

const idAt = (ids: Uint8Array, i: number): Uint8Array => ids.subarray(i * 32, i * 32 + 32);

/** What each thread answered. */
async function runThreads(
  index: BlobIndex,
  job: WorkerTask["job"],
  ids: Uint8Array,
  json: Uint8Array = new Uint8Array(),
): Promise<{ answers: number[]; counters: Int32Array }> {
  const gate = new Int32Array(new SharedArrayBuffer(4 * (1 + THREADS)));
  const counters = new Int32Array(new SharedArrayBuffer((ids.length / 32) * 4));
  const answers = Array.from({ length: THREADS }, (_, thread) => {
    const task: WorkerTask = {
      job,
      table: index.share(),
      thread,
      threads: THREADS,
      ids,
      gate,
      counters,
      json,
    };
    const worker = new Worker(new URL("./blob-index-worker.ts", import.meta.url), {
      workerData: task,
    });
    return new Promise<number>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  });
  return { answers: await Promise.all(answers), counters };
}

test("4 threads claim the same 200,000 ids: each is won exactly once", async () => {
  const ids = randomIds(200_000);
  const index = createWasmBlobIndex({ shared: true });
  index.addPack(idAt(ids, 0));
  const { answers, counters } = await runThreads(index, "claim", ids);
  expect(answers.reduce((sum, won) => sum + won, 0)).toBe(200_000);
  expect(counters.every((winners) => winners === 1)).toBe(true);
  expect(index.blobCount).toBe(100_000);
  const location = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  for (let i = 0; i < 200_000; i++) {
    const stored = index.lookup("data", idAt(ids, i), location);
    if (stored !== (i % 2 === 1) || (stored && location.offset !== i)) throw new Error(`id ${i}`);
    if (!index.has("data", idAt(ids, i))) throw new Error(`claim ${i} is lost`);
  }
});

test("adding, finding and growing at once loses and tears nothing", async () => {
  const ids = randomIds(400_000);
  const index = createWasmBlobIndex({ shared: true });
  const { answers } = await runThreads(index, "grow", ids);
  expect(Math.min(...answers)).toBeGreaterThan(100_000);
  expect([index.blobCount, index.packCount]).toEqual([400_000, 30_000]);
  let walked = 0;
  index.forEach((type, id, { pack, offset }) => {
    const right = type === "tree" && toHex(id) === toHex(idAt(ids, offset));
    if (!right || toHex(index.packId(pack)) !== toHex(idAt(ids, offset % 30_000))) {
      throw new Error(`entry of blob ${offset} is wrong`);
    }
    walked++;
  });
  expect(walked).toBe(400_000);
});

test("a claim excludes the other threads until it is given up", async () => {
  const index = createWasmBlobIndex({ shared: true });
  const { counters } = await runThreads(index, "exclude", randomIds(1));
  expect(counters[0]).toBe(THREADS * 20_000);
  expect([index.blobCount, index.byteLength < 1 << 20]).toEqual([0, true]);
});

test("threads that load the same index file add each blob once", async () => {
  const ids = randomIds(50_000);
  const packs = Array.from({ length: 500 }, (_, p) => ({
    id: toHex(idAt(ids, p)),
    blobs: Array.from({ length: 100 }, (_unused, b) => ({
      id: toHex(idAt(ids, p * 100 + b)),
      type: "data",
      offset: b * 50,
      length: 50,
    })),
  }));
  const index = createWasmBlobIndex({ shared: true });
  const json = utf8(JSON.stringify({ packs }));
  const { answers } = await runThreads(index, "load", ids, json);
  expect(answers).toEqual(Array.from({ length: THREADS }, () => 50_000));
  expect([index.blobCount, index.packCount]).toEqual([50_000, 500]);
  for (let i = 0; i < 50_000; i += 97) {
    expect(index.lookupAll("data", idAt(ids, i))).toHaveLength(1);
  }
});
