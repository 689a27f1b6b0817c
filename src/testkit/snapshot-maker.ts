/** Real snapshots of made-up files in a repository in memory: for tests of what reads them. */
import { MemoryBackend } from "#backends/memory.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { type HexId, idToBytes } from "#format/id.ts";
import { backup } from "#operations/backup/backup.ts";
import type { BackupOptions } from "#operations/backup/options.ts";
import type { SourceTree } from "#platform/source-tree.ts";
import { loadIndex } from "#repository/load-index.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import type { Primitives } from "#repository/primitives.ts";
import { loadSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";
import { backupOptions, makeTestRepository, reopen } from "#testkit/test-repository.ts";

/** One repository; each call sees what the ones before stored. */
export class SnapshotMaker {
  readonly repo: OpenedRepository;
  readonly primitives: Primitives;

  constructor(repo: OpenedRepository, primitives: Primitives) {
    this.repo = repo;
    this.primitives = primitives;
  }

  /** Over an empty repository. */
  static async create(
    primitives: Primitives,
    backend = new MemoryBackend(),
    version: 1 | 2 = 2,
  ): Promise<SnapshotMaker> {
    return new SnapshotMaker(await makeTestRepository(primitives, backend, version), primitives);
  }

  get backend(): MemoryBackend {
    return this.repo.backend as MemoryBackend;
  }

  /** Backs up paths of the source, by default `/home`, and gives the new snapshot. */
  async snapshot(
    source: SourceTree,
    overrides: Partial<BackupOptions> = {},
    paths: readonly string[] = ["/home"],
  ): Promise<StoredSnapshot> {
    const repo = await this.opened();
    const pool = createInlinePool(repo, { source });
    const options = backupOptions(this.primitives, paths, overrides);
    const { snapshotId } = await backup(repo, pool, options, {}, {});
    return loadSnapshot(repo, snapshotId as HexId);
  }

  /** The repository as a new process has it: index loaded. */
  async opened(): Promise<OpenedRepository> {
    const repo = reopen(this.repo, this.primitives);
    await loadIndex(repo);
    return repo;
  }
}

/** 32-byte id of a snapshot's root. */
export function rootOf(snapshot: StoredSnapshot): Uint8Array {
  return idToBytes(snapshot.tree);
}
