/**
 * Storing copied blobs, in the destination's worker threads: opened with the source's key, verified
 * by hash, sealed with the destination's. What is compressed stays so.
 */
import { equalBytes, fromHex } from "#base/bytes.ts";
import { isCofferError, isCorruption } from "#base/errors.ts";
import { release } from "#base/release.ts";
import type { CompressionMode } from "#codec/zstd.ts";
import type { Aead, MasterKey } from "#crypto/crypto.ts";
import { ID_BYTES } from "#format/id.ts";
import { decodePackHeader, type PackEntry, readHeaderLength } from "#format/pack-header.ts";
import type { BlobType } from "#repository/blob-index.ts";
import type { BlobSaver } from "#repository/blob-saver.ts";
import { addPackToIndex, type FinishedPack } from "#repository/finished-pack.ts";
import { checkBlobClaim } from "#repository/blob-limits.ts";
import type { PackRemainder } from "#repository/pack-writer.ts";
import type { Task, TaskContext } from "#repository/task-pool.ts";
import { createThreadSaver } from "#repository/create-saver.ts";

export interface CopySettings {
  readonly sourceKey: MasterKey;
  readonly compression: CompressionMode;
  readonly packSize: number;
  readonly verify: boolean;
}

/** Blobs that lie in one stretch of a pack of the source. */
export interface BlobRun {
  readonly bytes: Uint8Array;
  /** Ids, joined. */
  readonly ids: Uint8Array;
  /** One a blob: 1 for trees. */
  readonly isTree: Uint8Array;
  /** Where a blob begins in `bytes`. */
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly rawLengths: Uint32Array;
}

/** Sent when a new pack is durable. */
export interface CopiedPack {
  readonly kind: "copy-pack";
  readonly pack: FinishedPack;
}

const STATE = Symbol("copy");

interface ThreadState {
  readonly saver: BlobSaver;
  readonly sourceAead: Aead;
}

export const beginTask: Task<CopySettings, void> = {
  name: "copy.begin",
  async run(context, { sourceKey, compression, packSize, verify }) {
    const { crypto } = context.repository.primitives;
    const settings = { compression, packSize, verify };
    const saver = createThreadSaver(context, settings, (pack) =>
      context.emit({ kind: "copy-pack", pack } satisfies CopiedPack),
    );
    const state: ThreadState = { saver, sourceAead: crypto.createAead(sourceKey) };
    context.state.set(STATE, state);
  },
};

/** Output: numbers within the run of the blobs that are damaged. */
export const blobsTask: Task<BlobRun, readonly number[]> = {
  name: "copy.blobs",
  async run(context, { bytes, ids, isTree, starts, lengths, rawLengths }) {
    const state = stateOf(context);
    const damaged: number[] = [];
    for (let i = 0; i < isTree.length; i++) {
      const id = ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES);
      const stored = bytes.subarray(starts[i]!, starts[i]! + lengths[i]!);
      const type: BlobType = isTree[i] === 1 ? "tree" : "data";
      const opened = openVerified(context, state.sourceAead, id, stored, rawLengths[i]!);
      if (opened) await store(context, state, type, id, opened);
      else damaged.push(i);
    }
    return damaged;
  },
};

/** Stores the verified plaintext of one blob. */
export const plainTask: Task<{ type: BlobType; id: Uint8Array; plain: Uint8Array }, void> = {
  name: "copy.plain",
  async run(context, { type, id, plain }) {
    const payload = { bytes: plain, rawLength: 0, plain };
    await store(context, stateOf(context), type, id, payload);
  },
};

/**
 * Takes over a whole pack as it is: both repositories have the same key. False when it cannot be,
 * because it is damaged, or in part stored already; its blobs are then copied one by one.
 */
export const packTask: Task<{ name: string; bytes: Uint8Array }, boolean> = {
  name: "copy.pack",
  async run(context, { name, bytes }) {
    const { repository } = context;
    const { index, primitives } = repository;
    const id = fromHex(name)!;
    if (!equalBytes(primitives.crypto.sha256(bytes), id)) return false;
    const pack = readPack(context, id, bytes);
    if (!pack || !claimAll(context, pack)) return false;
    try {
      await repository.backend.write({ type: "pack", name }, [bytes]);
    } catch (error) {
      unclaimAll(context, pack, pack.lengths.length);
      if (isCofferError(error, "ALREADY_EXISTS")) return false;
      throw error;
    }
    addPackToIndex(index, pack);
    context.emit({ kind: "copy-pack", pack } satisfies CopiedPack);
    return true;
  },
};

/** Makes everything durable but small remainders, which it returns. */
export const flushTask: Task<undefined, readonly PackRemainder[]> = {
  name: "copy.flush",
  run: (context) => stateOf(context).saver.flush(),
};

/** Stores the remainders of all threads. */
export const mergeTask: Task<readonly PackRemainder[], void> = {
  name: "copy.merge",
  run: (context, remainders) => stateOf(context).saver.savePackRemainders(remainders),
};

/** Drops what is not durable and forgets the copy. */
export const endTask: Task<undefined, void> = {
  name: "copy.end",
  async run(context) {
    await (context.state.get(STATE) as ThreadState | undefined)?.saver.abort();
    context.state.delete(STATE);
  },
};

function stateOf(context: TaskContext): ThreadState {
  return context.state.get(STATE) as ThreadState;
}

interface Opened {
  /** What the seal held. */
  readonly bytes: Uint8Array;
  readonly rawLength: number;
  readonly plain: Uint8Array;
}

function openVerified(
  { repository }: TaskContext,
  aead: Aead,
  id: Uint8Array,
  stored: Uint8Array,
  rawLength: number,
): Opened | undefined {
  const { crypto, zstd } = repository.primitives;
  try {
    checkBlobClaim(id, rawLength, stored.length);
    const bytes = aead.open(stored);
    const plain = rawLength === 0 ? bytes : zstd.decompress(bytes, rawLength);
    if (rawLength !== 0 && plain.length !== rawLength) return undefined;
    return equalBytes(crypto.sha256(plain), id) ? { bytes, rawLength, plain } : undefined;
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return undefined;
  }
}

async function store(
  { repository: { index, config } }: TaskContext,
  { saver }: ThreadState,
  type: BlobType,
  id: Uint8Array,
  { bytes, rawLength, plain }: Opened,
): Promise<void> {
  if (saver.isBusy) await saver.ready();
  if (!index.claim(type, id)) return;
  try {
    // Version 1 knows no compression.
    if (config.version === 1) saver.copy(type, id, plain, 0);
    else saver.copy(type, id, bytes, rawLength);
  } catch (error) {
    index.unclaim(type, id);
    throw error;
  }
  if (plain !== bytes) release(plain);
  release(bytes);
}

/** The pack with every blob verified; undefined for one that must not be taken over. */
function readPack(
  { repository }: TaskContext,
  id: Uint8Array,
  bytes: Uint8Array,
): FinishedPack | undefined {
  try {
    const headerLength = readHeaderLength(bytes, bytes.length, "the pack");
    const blobEnd = bytes.length - headerLength - 4;
    const header = repository.aead.open(bytes.subarray(blobEnd, bytes.length - 4));
    const { version } = repository.config;
    const entries = decodePackHeader(header, version, blobEnd, "the pack");
    const type = entries[0]?.type;
    // A mixed pack is legal in old repositories only; its blobs are sorted out one by one.
    if (type === undefined || entries.some((entry) => entry.type !== type)) return undefined;
    for (const { id: blob, offset, length, rawLength } of entries) {
      const plain = repository.decodeBlob(blob, bytes.subarray(offset, offset + length), rawLength);
      release(plain);
    }
    return { id, type, size: bytes.length, ...columns(entries) };
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return undefined;
  }
}

function columns(entries: readonly PackEntry[]) {
  const ids = new Uint8Array(entries.length * ID_BYTES);
  entries.forEach((entry, i) => ids.set(entry.id, i * ID_BYTES));
  return {
    ids,
    lengths: Uint32Array.from(entries, (entry) => entry.length),
    rawLengths: Uint32Array.from(entries, (entry) => entry.rawLength),
  };
}

function claimAll(context: TaskContext, pack: FinishedPack): boolean {
  const { index } = context.repository;
  for (let i = 0; i < pack.lengths.length; i++) {
    if (index.claim(pack.type, pack.ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES))) continue;
    unclaimAll(context, pack, i);
    return false;
  }
  return true;
}

function unclaimAll(context: TaskContext, pack: FinishedPack, count: number): void {
  const { index } = context.repository;
  for (let i = 0; i < count; i++) {
    index.unclaim(pack.type, pack.ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES));
  }
}
