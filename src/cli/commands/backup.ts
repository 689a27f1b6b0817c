/** `backup`: saves files, folders or a stream as a new snapshot. */
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { planBackup, type BackupCliOptions, type BackupPlan } from "#cli/backup/backup-options.ts";
import { BackupReport } from "#cli/backup/backup-report.ts";
import { collectSources, type SourceList } from "#cli/backup/source-list.ts";
import type { Secret } from "#base/secret.ts";
import type { CliContext } from "#cli/context.ts";
import { readEnv, type Env } from "#cli/environment.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { openSession } from "#cli/open-session.ts";
import { configuredPassword } from "#cli/password.ts";
import { badOption } from "#cli/usage.ts";
import { backupStream, type StreamInput } from "#operations/backup/backup-stream.ts";
import { backup } from "#operations/backup/backup.ts";
import type { BackupEvent } from "#operations/backup/options.ts";
import { resolveSources, type ResolvedSources } from "#operations/backup/sources.ts";
import { findSnapshot } from "#repository/find-snapshot.ts";
import { chooseParent } from "#repository/snapshot-filter.ts";
import { loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";

export async function run(options: BackupCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const plan = await planBackup(options, context);
  const password = await passwordBesideInput(options, context);
  refuseUnavailable(options, context);
  const stream = streamInput(options, context);
  const list = stream === undefined ? await collectSources(options, context) : undefined;
  printer.message("open repository");
  await using session = await openSession(context, {
    lock: plan.operation.dryRun ? "none" : "shared",
    loadIndex: true,
    password,
    threads: "backup",
    readConcurrency: plan.readConcurrency,
    withAtime: options.withAtime === true,
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
    const operation = { ...plan.operation, ...resolved, time };
    const listener = {
      signal: session.signal,
      progress: (event: BackupEvent) => report.event(event),
    };
    const { repository, pool, checkpoints } = session;
    const result =
      stream === undefined
        ? await backup(
            repository,
            pool,
            { ...operation, parent: parent && { id: parent.id, tree: parent.tree } },
            listener,
            {
              checkpoints,
              checkpointEveryMs: checkpointInterval(context.io.env),
              source: operation.scan ? session.openSource() : undefined,
            },
          )
        : await backupStream(repository, pool, operation, stream, listener);
    report.stop();
    report.finish(result);
    if (result.errors === 0 && (list?.missing ?? 0) === 0) return 0;
  } finally {
    report.stop();
  }
  throw new CofferError("SOURCE_UNREADABLE", "at least one source file could not be read");
}

/** COFFER_CHECKPOINT_SECONDS: how often an unfinished backup notes how far it came. */
function checkpointInterval(env: Env): number | undefined {
  const found = readEnv(env, "CHECKPOINT_SECONDS");
  if (found === undefined) return undefined;
  const seconds = Number(found.value);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds * 1000;
  throw new CofferError("BAD_OPTION", `${found.name}: "${found.value}" is not a number of seconds`);
}

/**
 * Standard input cannot hold the password and the data: where it holds data, the password is found
 * beforehand. Undefined: it may still be asked for.
 */
async function passwordBesideInput(
  options: BackupCliOptions,
  context: CliContext,
): Promise<Secret | undefined> {
  const lists = [options.filesFrom, options.filesFromVerbatim, options.filesFromRaw];
  const readsList = lists.some((list) => list?.includes("-"));
  if (options.stdin !== true && !readsList) return undefined;
  const password = await configuredPassword(context.settings, context.io);
  if (password !== undefined) return password;
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

/** A failing command throws before its bytes end, so that half a dump never becomes a snapshot. */
function streamInput(options: BackupCliOptions, { io }: CliContext): StreamInput | undefined {
  const filename = `/${options.stdinFilename.replace(/^\/+/, "")}`;
  if (options.stdinFromCommand === true) {
    return { filename, bytes: io.streamProgram(options.paths) };
  }
  return options.stdin === true ? { filename, bytes: io.stdin.chunks() } : undefined;
}

function resolve(
  list: SourceList | undefined,
  stream: StreamInput | undefined,
  { io }: CliContext,
): ResolvedSources {
  const root = utf8("/");
  if (stream !== undefined) {
    return resolveSources([utf8(stream.filename)], root);
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
