/**
 * What commands need of the composed engine. `engine-node.ts` fills it from `engine/node`; tests
 * fill it with a repository in memory.
 */
import type { CofferError } from "#base/errors.ts";
import type { Secret } from "#base/secret.ts";
import type { Settings } from "#cli/settings.ts";
import type { CheckpointStore } from "#operations/backup/checkpoint.ts";
import type { SourceTree } from "#platform/source-tree.ts";
import type { OpenedKey } from "#repository/keys.ts";
import type { ProcessFacts } from "#repository/locks.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

export interface OpenRequest {
  /** As written by the person; may hold a password. */
  readonly location: string;
  readonly password: Secret;
  readonly keyHint: string | undefined;
  readonly settings: Settings;
  /** Read all index files; needed by everything that reads blobs. */
  readonly loadIndex: boolean;
  /**
   * The operation that worker threads are started for (`backup`, `restore`, …); false: none are.
   */
  readonly threads: false | string;
  readonly lock: "none" | "shared" | "exclusive";
  /** How many threads; undefined: one per processor. */
  readonly readConcurrency: number | undefined;
  /** Store access times of files; backup only. */
  readonly withAtime: boolean;
  readonly signal: AbortSignal;
  readonly onWarning: (error: CofferError) => void;
  /** Called once before waiting for another's lock. */
  readonly onWait: (error: CofferError) => void;
}

/** Closed with `await using`: gives the lock back and ends the threads. */
export interface OpenedEngine extends AsyncDisposable {
  readonly repository: Repository;
  readonly pool: TaskPool;
  readonly key: OpenedKey;
  readonly facts: ProcessFacts;
  /** This machine's files as this thread sees them, for counting ahead of a backup. */
  openSource(): SourceTree;
  /** Where interrupted backups leave off; undefined: nowhere. */
  readonly checkpoints: CheckpointStore | undefined;
  /** Fires when the person interrupts or the lock is lost. Pass it to every operation. */
  readonly signal: AbortSignal;
}

export interface InitRequest {
  readonly location: string;
  readonly password: Secret;
  readonly settings: Settings;
  readonly version: 1 | 2;
  /** Undefined: a random one. */
  readonly chunkerPolynomial: bigint | undefined;
  readonly signal: AbortSignal;
}

export interface InitResult {
  /** The repository's id, 64 hex digits. */
  readonly id: string;
  /** As shown to people, without secrets. */
  readonly location: string;
}

export interface Engine {
  /** @throws NO_REPOSITORY, WRONG_PASSWORD, LOCKED, and storage errors */
  open(request: OpenRequest): Promise<OpenedEngine>;
  /** @throws REPOSITORY_EXISTS and storage errors */
  init(request: InitRequest): Promise<InitResult>;
}
