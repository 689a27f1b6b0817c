/**
 * One simulated machine with its storage: it owns time, randomness and everything stored. Programs
 * run in it as processes that may die at any call to the storage.
 */
import type { Backend } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { decodeConfig } from "#format/config.ts";
import type { HexId } from "#format/id.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";
import { createWasmChunker } from "#kernels/wasm-chunker.ts";
import { backup } from "#operations/backup/backup.ts";
import type { CheckpointStore } from "#operations/backup/checkpoint.ts";
import type { BackupResult } from "#operations/backup/options.ts";
import { check } from "#operations/check/check.ts";
import type { CheckResult } from "#operations/check/check-types.ts";
import { initRepository } from "#operations/init.ts";
import { openNodeTarget } from "#platform/node/restore-target.ts";
import { openMasterKey } from "#repository/keys.ts";
import { loadIndex } from "#repository/load-index.ts";
import { acquireLock, removeLocks, type ProcessFacts } from "#repository/locks.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import type { Primitives } from "#repository/primitives.ts";
import { chooseParent } from "#repository/snapshot-filter.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import type { Platform } from "#repository/task-pool.ts";
import type { MemorySource } from "#testkit/memory-source.ts";
import { seededRandom } from "#testkit/seeded-random.ts";
import { backupOptions, TEST_PASSWORD } from "#testkit/test-repository.ts";
import { EventTime, type ProcessClock } from "./event-clock.ts";

/** Irreducible (test/vectors/chunker.json); drawing one takes a second of big-number work. */
const POLYNOMIAL = 0x25b468838dcb75n;

/** Small, so that a few hundred KB make several packs. */
const PACK_SIZE = 60_000;

/** Without state that could carry anything from one process to the next; new contexts are slow. */
const zstd = createNodeZstd();

/** What survives a process: time, the process table, checkpoints on the machine's own disk. */
export class Machine {
  readonly time = new EventTime();
  readonly seed: number;
  processes = 0;
  readonly #records = new Map<string, Uint8Array>();
  readonly checkpoints: CheckpointStore = {
    load: (key) => Promise.resolve(this.#records.get(key)),
    save: (key, record) => Promise.resolve(void this.#records.set(key, record)),
    remove: (key) => Promise.resolve(void this.#records.delete(key)),
  };

  constructor(seed: number) {
    this.seed = seed;
  }

  /** An equal machine that goes its own way from now on. */
  copy(): Machine {
    const copy = new Machine(this.seed);
    copy.time.nowMs = this.time.nowMs;
    copy.processes = this.processes;
    for (const [key, record] of this.#records) copy.#records.set(key, record);
    return copy;
  }
}

/** The same files, changed independently from now on. */
export function copyStorage(from: MemoryBackend): MemoryBackend {
  const copy = new MemoryBackend();
  for (const [path, bytes] of from.files) copy.files.set(path, bytes);
  return copy;
}

/** A process: its own randomness, clock and place in the process table. */
export class SimulatedProcess {
  readonly clock: ProcessClock;
  readonly primitives: Primitives;
  readonly facts: ProcessFacts;

  constructor(machine: Machine) {
    const number = ++machine.processes;
    const random = seededRandom(machine.seed * 1_000_003 + number);
    this.clock = machine.time.process();
    this.primitives = {
      crypto: createNodeCrypto(random),
      zstd,
      createChunker: createWasmChunker,
      clock: this.clock,
      random,
      createBlobIndex: (shared) => createWasmBlobIndex({ shared: true, attach: shared }),
    };
    this.facts = {
      hostname: "test",
      username: "test",
      pid: number,
      uid: 0,
      gid: 0,
      isProcessAlive: (pid) => pid === number,
    };
  }

  /** As every command begins: key, then config. */
  async open(backend: Backend): Promise<OpenedRepository> {
    const { primitives } = this;
    const key = await openMasterKey(backend, primitives, TEST_PASSWORD);
    const stored = await backend.read({ type: "config", name: "config" });
    try {
      const config = decodeConfig(primitives.crypto.createAead(key.masterKey).open(stored));
      return new OpenedRepository(backend, primitives, { config, ...key });
    } catch (error) {
      if (!isCofferError(error, "BAD_MAC")) throw error;
      throw new CofferError("BAD_MAC", "Cannot read the config", { cause: error });
    }
  }
}

/** `init` on empty storage. */
export async function simulateInit(
  machine: Machine,
  backend: Backend,
  version: 1 | 2,
): Promise<void> {
  const { primitives } = new SimulatedProcess(machine);
  await initRepository(backend, primitives, {
    password: TEST_PASSWORD,
    owner: { username: "test", hostname: "test" },
    version,
    chunkerPolynomial: POLYNOMIAL,
    cost: { N: 2, r: 1, p: 1 },
  });
}

export interface BackupStep {
  readonly source: MemorySource;
  /** Becomes the snapshot's tag, so that a snapshot is known again. */
  readonly tag: string;
  readonly checkpointEveryMs: number;
}

/** The `backup` command as a process of its own. What is thrown kills the process. */
export async function simulateBackup(
  machine: Machine,
  backend: Backend,
  step: BackupStep,
): Promise<BackupResult> {
  const process = new SimulatedProcess(machine);
  try {
    const repo = await process.open(backend);
    const lock = await acquireLock(repo, process.facts, { exclusive: false });
    try {
      const { snapshots } = await loadSnapshots(repo);
      await loadIndex(repo);
      const parent = chooseParent(snapshots, {
        host: "test",
        paths: ["/home"],
        tags: undefined,
        notAfter: process.clock.now(),
      });
      const options = backupOptions(process.primitives, ["/home"], {
        tags: [step.tag],
        packSize: PACK_SIZE,
        parent: parent && { id: parent.id, tree: parent.tree },
      });
      const pool = createInlinePool(repo, { source: step.source });
      const { checkpoints } = machine;
      const environment = { checkpoints, checkpointEveryMs: step.checkpointEveryMs };
      return await backup(repo, pool, options, { signal: lock.signal }, environment);
    } finally {
      await lock.release();
    }
  } finally {
    process.clock.kill();
  }
}

/** `unlock`, then `check --read-data`. */
export async function simulateCheck(machine: Machine, backend: Backend): Promise<CheckResult> {
  const process = new SimulatedProcess(machine);
  try {
    const repo = await process.open(backend);
    await removeLocks(repo, process.facts, { all: false });
    const lock = await acquireLock(repo, process.facts, { exclusive: true });
    try {
      const pool = createInlinePool(repo, {});
      return await check(repo, pool, { readData: { kind: "all" } }, { signal: lock.signal });
    } finally {
      await lock.release();
    }
  } finally {
    process.clock.kill();
  }
}

/** A reading client with the index loaded, and the snapshots it saw before that. */
export async function openForReading(
  machine: Machine,
  backend: Backend,
  platform: Platform = { openTarget: openNodeTarget },
): Promise<{
  readonly repo: OpenedRepository;
  readonly snapshots: readonly { readonly tree: HexId; readonly tags: readonly string[] }[];
  readonly broken: number;
  readonly pool: ReturnType<typeof createInlinePool>;
}> {
  const process = new SimulatedProcess(machine);
  const repo = await process.open(backend);
  const { snapshots, broken } = await loadSnapshots(repo);
  await loadIndex(repo);
  const pool = createInlinePool(repo, platform);
  return { repo, snapshots, broken: broken.length, pool };
}
