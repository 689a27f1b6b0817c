/** `backup`: saves files, folders or a stream as a new snapshot. */
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { planBackup, type BackupCliOptions, type BackupPlan } from "#cli/backup/backup-options.ts";
import { BackupReport } from "#cli/backup/backup-report.ts";
import { collectSources, type SourceList } from "#cli/backup/source-list.ts";
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine, StreamSource } from "#cli/engine-port.ts";
import { openSession } from "#cli/open-session.ts";
import { configuredPassword } from "#cli/password.ts";
import { badOption } from "#cli/usage.ts";
import { backup } from "#operations/backup/backup.ts";
import { resolveSources, type ResolvedSources } from "#operations/backup/sources.ts";
import { findSnapshot } from "#repository/find-snapshot.ts";
import { chooseParent } from "#repository/snapshot-filter.ts";
import { loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";

export async function run(options: BackupCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const plan = await planBackup(options, context);
  await refuseSharedInput(options, context);
  refuseUnavailable(options, context);
  const stream = streamSource(options, context);
  const list = stream === undefined ? await collectSources(options, context) : undefined;
  printer.message("open repository");
  await using session = await openSession(context, {
    lock: plan.operation.dryRun ? "none" : "shared",
    loadIndex: true,
    threads: true,
    readConcurrency: plan.readConcurrency,
    withAtime: options.withAtime === true,
    stream,
  });
  const resolved = resolve(list, stream, context);
  const time = plan.time ?? context.io.clock.now();
  const parent =
    stream === undefined && options.force !== true
      ? await findParent(options, plan, { ...resolved, time }, session)
      : undefined;
  if (parent !== undefined) printer.message(`using parent snapshot ${parent.id.slice(0, 8)}`);
  else printer.message("no parent snapshot found, will read all files");
  const report = new BackupReport(context);
  try {
    const result = await backup(
      session.repository,
      session.pool,
      {
        ...plan.operation,
        ...resolved,
        time,
        parent: parent && { id: parent.id, tree: parent.tree },
      },
      { signal: session.signal, progress: (event) => report.event(event) },
      session.checkpoints === undefined ? {} : { checkpoints: session.checkpoints },
    );
    report.stop();
    report.finish(result);
    if (result.errors === 0 && (list?.missing ?? 0) === 0) return 0;
  } finally {
    report.stop();
  }
  throw new CofferError("SOURCE_UNREADABLE", "at least one source file could not be read");
}

/** Standard input cannot hold the password and the data. */
async function refuseSharedInput(options: BackupCliOptions, context: CliContext): Promise<void> {
  const lists = [options.filesFrom, options.filesFromVerbatim, options.filesFromRaw];
  const readsList = lists.some((list) => list?.includes("-"));
  if (options.stdin !== true && !readsList) return;
  if ((await configuredPassword(context.settings, context.io)) !== undefined) return;
  throw badOption(
    options.stdin === true
      ? "cannot read both password and data from stdin"
      : "unable to read password from stdin when data is to be read from stdin, use " +
          "--password-file or $COFFER_PASSWORD",
  );
}

/**
 * Options of other systems: harmless where they have no meaning, refused where they would mislead.
 */
function refuseUnavailable(options: BackupCliOptions, { io }: CliContext): void {
  if (options.useFsSnapshot === true) {
    throw new CofferError("UNSUPPORTED", "--use-fs-snapshot is not available in this version");
  }
  if (options.excludeCloudFiles === true && io.host.platform !== "linux") {
    throw new CofferError("UNSUPPORTED", "--exclude-cloud-files is not available in this version");
  }
}

function streamSource(options: BackupCliOptions, { io }: CliContext): StreamSource | undefined {
  const fileName = options.stdinFilename;
  if (options.stdinFromCommand === true) {
    return { fileName, chunks: () => io.streamProgram(options.paths) };
  }
  return options.stdin === true ? { fileName, chunks: () => io.stdin.chunks() } : undefined;
}

function resolve(
  list: SourceList | undefined,
  stream: StreamSource | undefined,
  { io }: CliContext,
): ResolvedSources {
  const root = utf8("/");
  if (stream !== undefined) {
    return resolveSources([utf8(`/${stream.fileName.replace(/^\/+/, "")}`)], root);
  }
  return resolveSources(list!.paths, utf8(io.host.workingFolder));
}

async function findParent(
  options: BackupCliOptions,
  plan: BackupPlan,
  { paths: allPaths, time }: ResolvedSources & { readonly time: Timestamp },
  { repository, signal }: OpenedEngine,
): Promise<StoredSnapshot | undefined> {
  if (options.parent !== undefined) {
    return (await findSnapshot(repository, options.parent, {}, { signal })).snapshot;
  }
  const { host, paths, tags } = plan.groupBy ?? { host: false, paths: false, tags: false };
  const { snapshots } = await loadSnapshots(repository, { signal });
  return chooseParent(snapshots, {
    host: host ? plan.operation.hostname : undefined,
    paths: paths ? allPaths : undefined,
    tags: tags ? plan.operation.tags : undefined,
    notAfter: time,
  });
}
