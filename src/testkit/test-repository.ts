/** A repository in memory with everything real but the storage, the clock and the randomness. */
import { MemoryBackend } from "#backends/memory.ts";
import type { Backend } from "#backends/backend.ts";
import { utf8 } from "#base/bytes.ts";
import type { Clock } from "#base/clock.ts";
import type { Zstd } from "#codec/zstd.ts";
import type { Crypto } from "#crypto/crypto.ts";
import type { Random } from "#base/random.ts";
import { createReferenceChunker } from "#chunker/reference-chunker.ts";
import { initRepository } from "#operations/init.ts";
import type { BackupOptions } from "#operations/backup/options.ts";
import { resolveSources } from "#operations/backup/sources.ts";
import { createMapBlobIndex } from "#repository/map-blob-index.ts";
import { OpenedRepository } from "#repository/opened-repository.ts";
import type { Primitives } from "#repository/primitives.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

export const TEST_PASSWORD = utf8("test");

/**
 * Primitives over the given crypto and zstd, with a fake clock, seeded randomness and plain index.
 */
export function testPrimitives(
  parts: { readonly crypto: (random: Random) => Crypto; readonly zstd: Zstd },
  options: { readonly seed?: number; readonly clock?: Clock } = {},
): Primitives {
  const random = seededRandom(options.seed ?? 1);
  return {
    crypto: parts.crypto(random),
    zstd: parts.zstd,
    createChunker: createReferenceChunker,
    clock: options.clock ?? createFakeClock(),
    random,
    createBlobIndex: () => createMapBlobIndex(),
  };
}

/** Makes an empty repository with a cheap key. */
export async function makeTestRepository(
  primitives: Primitives,
  backend: Backend = new MemoryBackend(),
  version: 1 | 2 = 2,
): Promise<OpenedRepository> {
  const made = await initRepository(backend, primitives, {
    password: TEST_PASSWORD,
    owner: { username: "test", hostname: "test" },
    version,
    cost: { N: 2, r: 1, p: 1 },
  });
  return new OpenedRepository(backend, primitives, made);
}

/** A second view of the same repository, as another process has it: with an empty index. */
export function reopen(repository: OpenedRepository, primitives: Primitives): OpenedRepository {
  const { config, masterKey, keyId, backend } = repository;
  return new OpenedRepository(backend, primitives, { config, masterKey, keyId });
}

/** Options for a backup of the given absolute paths, everything else plain. */
export function backupOptions(
  primitives: Primitives,
  paths: readonly string[],
  overrides: Partial<BackupOptions> = {},
): BackupOptions {
  const resolved = resolveSources(
    paths.map((path) => utf8(path)),
    utf8("/"),
  );
  return {
    ...resolved,
    exclude: {
      patterns: [],
      insensitivePatterns: [],
      ifPresent: [],
      caches: false,
      oneFileSystem: false,
    },
    storedExcludes: [],
    change: { ignoreCtime: false, ignoreInode: false },
    tags: [],
    hostname: "test",
    username: "test",
    uid: 0,
    gid: 0,
    time: primitives.clock.now(),
    skipIfUnchanged: false,
    dryRun: false,
    compression: "auto",
    packSize: 16 * 1024 * 1024,
    verify: true,
    scan: false,
    reportItems: false,
    programVersion: "coffer test",
    ...overrides,
  };
}
