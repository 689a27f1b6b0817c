/**
 * Opens a repository under Node: storage, key, threads, lock, index, in the order that costs least.
 */
import type { Backend } from "#backends/backend.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { createNodePlatform } from "#engine/node/node-platform.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { openStorage } from "#engine/node/storage.ts";
import { NodePool } from "#engine/node/worker-pool.ts";
import { decodeConfig, type Config } from "#format/config.ts";
import { readHost } from "#platform/node/host.ts";
import { posixCallsProblem } from "#platform/node/posix-calls.ts";
import { openMasterKey, type OpenedKey } from "#repository/keys.ts";
import { loadIndex } from "#repository/load-index.ts";
import { acquireLock, type ProcessFacts, type RepositoryLock } from "#repository/locks.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import type { Primitives } from "#repository/primitives.ts";
import type { TaskPool } from "#repository/task-pool.ts";
import { createTrafficGate } from "#repository/traffic-gate.ts";

export interface SessionOptions {
  readonly location: string;
  /** UTF-8 bytes. */
  readonly password: Uint8Array;
  readonly keyHint?: string | undefined;
  /** An earlier session's: spares deriving the key from the password again. */
  readonly key?: OpenedKey | undefined;
  /** Worker threads; 0: tasks run in this thread. Default: one per processor. */
  readonly threads?: number | undefined;
  /** What the threads are for: they load its code while the key is derived. */
  readonly operation?: string | undefined;
  /** Default true. */
  readonly loadIndex?: boolean | undefined;
  readonly lock: "none" | "shared" | "exclusive";
  readonly retryLockForMs?: number | undefined;
  readonly withAtime?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((error: CofferError) => void) | undefined;
  /** Called once before waiting for another's lock. */
  readonly onWait?: ((error: CofferError) => void) | undefined;
}

/** An opened repository with its lock and threads. Close it with `await using`. */
export interface Session extends AsyncDisposable {
  readonly repository: OpenedRepository;
  readonly pool: TaskPool;
  readonly key: OpenedKey;
  readonly facts: ProcessFacts;
  /** Fires when the caller interrupts or the lock is lost. Pass it to every operation. */
  readonly signal: AbortSignal;
}

/** @throws NO_REPOSITORY, WRONG_PASSWORD, LOCKED, BAD_LOCATION, and storage errors */
export async function openSession(options: SessionOptions): Promise<Session> {
  const primitives = createNodePrimitives();
  const warn = (message: string): void =>
    options.onWarning?.(new CofferError("STORAGE_FAILED", message));
  const gate = createTrafficGate();
  const storage = await openStorage(options.location, primitives, warn, gate);
  const { backend } = storage;
  await requireConfig(backend);
  const size = options.threads ?? readHost().processors;
  // Threads load their code while this one derives the key.
  const threads = size > 0 ? new NodePool(size, options.operation) : undefined;
  try {
    const deriving = options.key ?? deriveKey(backend, primitives, options);
    // Native calls load while the key is derived.
    const problem = threads && posixCallsProblem();
    if (problem) options.onWarning?.(new CofferError("UNSUPPORTED", problem));
    const key = await deriving;
    const config = await loadConfig(backend, primitives, key);
    const repository = new OpenedRepository(backend, primitives, { config, ...key });
    const source = { withAtime: options.withAtime ?? false };
    threads?.attach(repository.seed(), storage.workers, source, backend);
    const facts = processFacts();
    const index = new EarlyIndex(repository, options);
    const lock = await takeLock(repository, facts, options, gate, () => index.start());
    try {
      await index.loaded();
    } catch (error) {
      await lock?.release();
      throw error;
    }
    const pool =
      threads ??
      createInlinePool(
        repository,
        createNodePlatform(source, () => undefined),
      );
    return {
      repository,
      pool,
      key,
      facts,
      signal: joinSignals(options.signal, lock?.signal),
      async [Symbol.asyncDispose](): Promise<void> {
        await lock?.release();
        await pool.close();
        await backend.close();
      },
    };
  } catch (error) {
    await threads?.close();
    throw error;
  }
}

function deriveKey(
  backend: Backend,
  primitives: Primitives,
  { password, keyHint, signal }: SessionOptions,
): Promise<OpenedKey> {
  return openMasterKey(backend, primitives, password, { keyHint, signal });
}

async function takeLock(
  repository: OpenedRepository,
  facts: ProcessFacts,
  options: SessionOptions,
  gate: ReturnType<typeof createTrafficGate>,
  onWritten: () => void,
): Promise<RepositoryLock | undefined> {
  if (options.lock === "none") return undefined;
  return acquireLock(repository, facts, {
    exclusive: options.lock === "exclusive",
    retryForMs: options.retryLockForMs ?? 0,
    signal: options.signal,
    gate,
    // Where another's lock may be waited for, what was read before it went would be stale.
    ...(!options.retryLockForMs && { onWritten }),
    ...(options.onWait && { onWait: options.onWait }),
    ...(options.onWarning && { onWarning: options.onWarning }),
  });
}

/**
 * Loads the index while the lock waits for its second look at other locks: nobody may delete from
 * then on, and if the second look finds another's lock, what was read is thrown away with the
 * session.
 */
class EarlyIndex {
  readonly #repository: OpenedRepository;
  readonly #options: SessionOptions;
  #loading: Promise<unknown> | undefined;

  constructor(repository: OpenedRepository, options: SessionOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  start(): void {
    if (this.#options.loadIndex === false) return;
    this.#loading ??= loadIndex(this.#repository, { signal: this.#options.signal });
    // Its failure is met in loaded().
    void this.#loading.catch(() => undefined);
  }

  async loaded(): Promise<void> {
    this.start();
    await this.#loading;
  }
}

async function requireConfig(backend: Backend): Promise<void> {
  const file = await backend.stat({ type: "config", name: "config" });
  if (file) return;
  throw new CofferError(
    "NO_REPOSITORY",
    `repository does not exist: no config file in ${backend.location}`,
    {
      data: { location: backend.location },
    },
  );
}

/** Reads and opens the config. @throws BAD_MAC, BAD_FORMAT, UNSUPPORTED_VERSION */
async function loadConfig(
  backend: Backend,
  primitives: Primitives,
  key: OpenedKey,
): Promise<Config> {
  const stored = await backend.read({ type: "config", name: "config" });
  try {
    return decodeConfig(primitives.crypto.createAead(key.masterKey).open(stored));
  } catch (error) {
    if (!isCofferError(error, "BAD_MAC")) throw error;
    throw new CofferError("BAD_MAC", "Cannot read the config: it was damaged or tampered with", {
      cause: error,
    });
  }
}

/** Who runs this process; stored in locks. */
export function processFacts(): ProcessFacts {
  const { hostname, userName: username, pid, uid, gid } = readHost();
  return { hostname, username, pid, uid, gid, isProcessAlive };
}

function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything but "no such process" means that there is one.
    return (error as { code?: string }).code !== "ESRCH";
  }
}

function joinSignals(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}
