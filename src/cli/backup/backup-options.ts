/** From typed options of `backup` to the operation's, checked before anything is opened. */
import { utf8 } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";
import type { CliContext } from "#cli/context.ts";
import { readEnv } from "#cli/environment.ts";
import type { SourceOptions } from "#cli/backup/source-list.ts";
import { parseGroupBy } from "#cli/parse/group-by.ts";
import { parseLocalTime } from "#cli/parse/local-time.ts";
import { parseCount, parseSize, parseTruth } from "#cli/parse/sizes.ts";
import { flattenTags } from "#cli/parse/tags.ts";
import { collectPatterns } from "#cli/pattern-options.ts";
import { badOption } from "#cli/usage.ts";
import { PROGRAM_VERSION } from "#engine/program-version.ts";
import type { BackupOptions } from "#operations/backup/options.ts";
import type { GroupBy } from "#repository/snapshot-filter.ts";

export interface BackupCliOptions extends SourceOptions {
  readonly exclude?: readonly string[] | undefined;
  readonly iexclude?: readonly string[] | undefined;
  readonly excludeFile?: readonly string[] | undefined;
  readonly iexcludeFile?: readonly string[] | undefined;
  readonly excludeIfPresent?: readonly string[] | undefined;
  readonly excludeCaches?: true | undefined;
  readonly excludeLargerThan?: string | undefined;
  readonly excludeCloudFiles?: true | undefined;
  readonly oneFileSystem?: true | undefined;
  readonly stdin?: true | undefined;
  readonly stdinFilename: string;
  readonly stdinFromCommand?: true | undefined;
  readonly withAtime?: true | undefined;
  readonly useFsSnapshot?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly host?: string | undefined;
  readonly time?: string | undefined;
  readonly skipIfUnchanged?: true | undefined;
  readonly parent?: string | undefined;
  readonly groupBy: string;
  readonly force?: true | undefined;
  readonly ignoreInode?: true | undefined;
  readonly ignoreCtime?: true | undefined;
  readonly readConcurrency?: string | undefined;
  readonly scan: boolean;
}

/** All of the operation's options that need neither the sources nor the repository. */
export type PlannedBackup = Omit<BackupOptions, "sources" | "paths" | "parent" | "time">;

export interface BackupPlan {
  readonly operation: PlannedBackup;
  readonly groupBy: GroupBy | undefined;
  /** Undefined: the moment at which saving starts. */
  readonly time: Timestamp | undefined;
  /** Files read at once; undefined: as many as there are processors. */
  readonly readConcurrency: number | undefined;
}

/** Size of packs when none is asked for, as restic: 16 MiB. */
const DEFAULT_PACK_SIZE = 16 * 1024 * 1024;

/** @throws BAD_OPTION, BAD_PATTERN */
export async function planBackup(
  options: BackupCliOptions,
  context: CliContext,
): Promise<BackupPlan> {
  const { io, settings } = context;
  checkCombination(options);
  const groupBy = parseGroupBy("--group-by", options.groupBy);
  const { time } = options;
  const excludes = await readExcludes(options, context);
  const larger = options.excludeLargerThan;
  const operation: PlannedBackup = {
    exclude: {
      ...excludes,
      ifPresent: options.excludeIfPresent ?? [],
      caches: options.excludeCaches === true,
      largerThan: larger === undefined ? undefined : parseSize("--exclude-larger-than", larger),
      oneFileSystem: options.oneFileSystem === true,
    },
    storedExcludes: options.exclude ?? [],
    change: {
      ignoreCtime: switched(options.ignoreCtime, "IGNORE_CTIME", context),
      ignoreInode: switched(options.ignoreInode, "IGNORE_INODE", context),
    },
    tags: flattenTags(options.tag ?? []),
    hostname: options.host || readEnv(io.env, "HOST")?.value || io.host.hostname,
    username: io.host.username,
    uid: io.host.uid,
    gid: io.host.gid,
    skipIfUnchanged: options.skipIfUnchanged === true,
    dryRun: options.dryRun === true,
    compression: settings.compression,
    packSize: settings.packSizeBytes ?? DEFAULT_PACK_SIZE,
    verify: settings.extraVerify,
    scan: options.scan && !settings.quiet,
    reportItems: settings.verbosity >= (settings.json ? 2 : 3),
    programVersion: PROGRAM_VERSION,
  };
  return {
    operation,
    groupBy,
    time: time === undefined ? undefined : parseLocalTime("--time", time, io.clock),
    readConcurrency: planConcurrency(options, context),
  };
}

function checkCombination(options: BackupCliOptions): void {
  const stream = options.stdin === true || options.stdinFromCommand === true;
  for (const [name, list] of [
    ["--files-from", options.filesFrom],
    ["--files-from-verbatim", options.filesFromVerbatim],
    ["--files-from-raw", options.filesFromRaw],
  ] as const) {
    if (stream && list !== undefined) {
      throw badOption(`--stdin and ${name} cannot be used together`);
    }
  }
  if (options.stdinFromCommand === true && options.paths.length === 0) {
    throw badOption("--stdin-from-command needs a command: -- COMMAND ARGUMENTS");
  }
  if (options.stdin === true && options.stdinFromCommand !== true && options.paths.length > 0) {
    throw badOption("--stdin was specified and files/dirs were listed as arguments");
  }
  if (stream && utf8(options.stdinFilename).length === 0) {
    throw badOption("--stdin-filename is empty");
  }
}

function switched(flag: true | undefined, setting: string, { io }: CliContext): boolean {
  if (flag === true) return true;
  const variable = readEnv(io.env, setting);
  return variable !== undefined && parseTruth(variable.name, variable.value);
}

function planConcurrency(options: BackupCliOptions, { io }: CliContext): number | undefined {
  const variable = readEnv(io.env, "READ_CONCURRENCY");
  const count =
    options.readConcurrency !== undefined
      ? parseCount("--read-concurrency", options.readConcurrency)
      : variable && parseCount(variable.name, variable.value);
  return count === 0 ? undefined : count;
}

async function readExcludes(options: BackupCliOptions, { io }: CliContext) {
  return {
    patterns: await collectPatterns("exclude", options.exclude, options.excludeFile, io),
    insensitivePatterns: await collectPatterns(
      "iexclude",
      options.iexclude,
      options.iexcludeFile,
      io,
    ),
  };
}
