/** Fills a backup's options from this machine and from what the library's user asks for. */
import { homedir } from "node:os";
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { cacheFolder } from "#backends/node/cache-folders.ts";
import { createCheckpointFiles } from "#engine/node/checkpoint-files.ts";
import type { LibraryBackupOptions } from "#engine/node/library-types.ts";
import type { Session } from "#engine/node/session.ts";
import { PROGRAM_VERSION } from "#engine/program-version.ts";
import { backup, type BackupEnvironment } from "#operations/backup/backup.ts";
import type { BackupEvent, BackupOptions, BackupResult } from "#operations/backup/options.ts";
import { resolveSources } from "#operations/backup/sources.ts";
import { readHost } from "#platform/node/host.ts";
import { createNodeSource } from "#platform/node/node-source.ts";
import { findSnapshot } from "#repository/find-snapshot.ts";
import { chooseParent } from "#repository/snapshot-filter.ts";
import { loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";

/** restic's: 16 MiB. */
const DEFAULT_PACK_SIZE = 16 * 1024 * 1024;

/** Runs a backup in a session with a shared lock and a loaded index. */
export async function runBackup(
  session: Session,
  asked: LibraryBackupOptions,
  context: OperationContext<BackupEvent>,
  checkpointFolder: string | false | undefined,
): Promise<BackupResult> {
  const plan = planBackup(session, asked);
  const parent = await findParent(session, asked, plan);
  const { repository, pool, signal } = session;
  return backup(
    repository,
    pool,
    { ...plan, parent: parent && { id: parent.id, tree: parent.tree } },
    { ...context, signal },
    environment(session, checkpointFolder),
  );
}

function planBackup(session: Session, asked: LibraryBackupOptions): BackupOptions {
  const { sources, exclude = [] } = asked;
  if (sources.length === 0) throw new CofferError("BAD_OPTION", "There are no sources to back up");
  const given = sources.map((path) => (typeof path === "string" ? utf8(path) : path));
  if (given.some((path) => path.length === 0)) {
    throw new CofferError("BAD_OPTION", "A source path is empty");
  }
  const host = readHost();
  return {
    ...resolveSources(given, utf8(process.cwd())),
    exclude: {
      patterns: exclude,
      insensitivePatterns: asked.iexclude ?? [],
      ifPresent: asked.excludeIfPresent ?? [],
      caches: asked.excludeCaches ?? false,
      largerThan: asked.excludeLargerThanBytes,
      oneFileSystem: asked.oneFileSystem ?? false,
    },
    storedExcludes: exclude,
    change: { ignoreCtime: false, ignoreInode: false },
    tags: asked.tags ?? [],
    hostname: asked.hostname ?? host.hostname,
    username: host.userName,
    uid: host.uid,
    gid: host.gid,
    time: asked.time ?? session.repository.primitives.clock.now(),
    skipIfUnchanged: asked.skipIfUnchanged ?? false,
    dryRun: asked.dryRun ?? false,
    compression: asked.compression ?? "auto",
    packSize: asked.packSize ?? DEFAULT_PACK_SIZE,
    verify: asked.verify ?? true,
    scan: asked.countAhead ?? false,
    reportItems: asked.reportItems ?? false,
    programVersion: PROGRAM_VERSION,
  };
}

async function findParent(
  session: Session,
  asked: LibraryBackupOptions,
  plan: BackupOptions,
): Promise<StoredSnapshot | undefined> {
  const { repository } = session;
  if (asked.parent === null) return undefined;
  if (asked.parent !== undefined) {
    return (await findSnapshot(repository, asked.parent, {}, session)).snapshot;
  }
  const { snapshots } = await loadSnapshots(repository, session);
  const { hostname: host, paths, time: notAfter } = plan;
  return chooseParent(snapshots, { host, paths, notAfter });
}

function environment(session: Session, folder: string | false | undefined): BackupEnvironment {
  const source = createNodeSource({ withAtime: false });
  const base =
    folder ?? cacheFolder({ platform: process.platform, env: process.env, home: home() });
  if (base === false || base === undefined) return { source };
  const { id } = session.repository.config;
  return { source, checkpoints: createCheckpointFiles(`${base}/${id}`) };
}

/** Undefined where the account has none, as in some containers. */
function home(): string | undefined {
  return homedir() || undefined;
}
