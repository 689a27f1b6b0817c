/**
 * Options that every command takes, before or after its name. They are defined on each command, so
 * that `-nv` and `--exclude -v` parse as in restic; seldom used ones are left out of a command's
 * own help and listed by `coffer --help`.
 */
import { Option, type CommandUnknownOpts, type OptionValues } from "@commander-js/extra-typings";
import type { RawGlobals } from "#cli/raw-globals.ts";

const HEADING = "Global options:";

/** Adds one value to a repeatable option. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Like {@link collect}, splitting at commas. */
function collectList(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(",")];
}

function count(_value: string, previous: number | undefined): number {
  return (previous ?? 0) + 1;
}

type Parse = (value: string, previous: never) => unknown;
type GlobalOption = readonly [flags: string, description: string, parse?: Parse];

/** Shown in the help of every command. */
const COMMON: readonly GlobalOption[] = [
  ["-r, --repo <repository>", "repository to use (default: $COFFER_REPOSITORY)"],
  ["-p, --password-file <file>", "file with the password (default: $COFFER_PASSWORD_FILE)"],
  ["--json", "print JSON where the command supports it"],
  ["-q, --quiet", "print no progress and only what is asked for"],
  ["-v, --verbose", "print more; -vv names every file (also --verbose=2)", count],
];

const RARE: readonly GlobalOption[] = [
  [
    "--repository-file <file>",
    "file with the repository location (default: $COFFER_REPOSITORY_FILE)",
  ],
  [
    "--password-command <command>",
    "command that prints the password; run without a shell (default: $COFFER_PASSWORD_COMMAND)",
  ],
  ["--key-hint <key>", "ID of the key to try first (default: $COFFER_KEY_HINT)"],
  ["--insecure-no-password", "use an empty password (insecure)"],
  ["--no-lock", "do not lock the repository; for read-only repositories"],
  ["--retry-lock <duration>", "wait this long for a lock, like 5m (default: no wait)"],
  ["--cache-dir <directory>", "cache directory (default: the system's)"],
  ["--no-cache", "do not use a local cache"],
  ["--cleanup-cache", "remove old cache directories"],
  [
    "--compression <mode>",
    "auto, off, fastest, better or max (default: $COFFER_COMPRESSION or auto)",
  ],
  ["--pack-size <size>", "target size of pack files in MiB (default: $COFFER_PACK_SIZE)"],
  ["--no-extra-verify", "skip verifying data before upload"],
  ["--limit-upload <rate>", "limit uploads to this many KiB/s"],
  ["--limit-download <rate>", "limit downloads to this many KiB/s"],
  ["--cacert <file>", "file with root certificates (default: $COFFER_CACERT)", collectList],
  [
    "--tls-client-cert <file>",
    "file with client certificate and key in PEM (default: $COFFER_TLS_CLIENT_CERT)",
  ],
  ["--insecure-tls", "do not verify TLS certificates (insecure)"],
  ["--http-user-agent <text>", "user agent of HTTP requests"],
  ["--stuck-request-timeout <duration>", "retry requests stuck for so long (default: 5m)"],
  ["-o, --option <key=value>", "set an extended option; repeatable", collectList],
];

/** A command whatever its arguments and options. */
export type AnyCommand = CommandUnknownOpts;

/** Defines the global options on a command; `full` shows all of them in its help. */
export function addGlobalOptions(command: AnyCommand, full: boolean): void {
  const add = ([flags, description, parse]: GlobalOption, hidden: boolean): void => {
    const option = new Option(flags, description).helpGroup(HEADING);
    if (parse !== undefined) option.argParser(parse as (value: string) => unknown);
    if (hidden) option.hideHelp();
    command.addOption(option);
  };
  for (const option of COMMON) add(option, false);
  for (const option of RARE) add(option, !full);
}

/** Global options given anywhere between the program and the command, the innermost last. */
export function collectGlobals(command: AnyCommand): RawGlobals {
  const all: OptionValues[] = [];
  for (let at: AnyCommand | null = command; at !== null; at = at.parent) all.unshift(at.opts());
  const last = (name: string): string | undefined =>
    all.map((options) => options[name] as string | undefined).findLast((v) => v !== undefined);
  const every = (name: string): string[] =>
    all.flatMap((options) => (options[name] as string[] | undefined) ?? []);
  const any = (name: string): boolean => all.some((options) => options[name] === true);
  // `--no-x` options are true unless given.
  const kept = (name: string): boolean => !all.some((options) => options[name] === false);
  return {
    repo: last("repo"),
    repositoryFile: last("repositoryFile"),
    passwordFile: last("passwordFile"),
    passwordCommand: last("passwordCommand"),
    keyHint: last("keyHint"),
    insecurePassword: any("insecureNoPassword"),
    lock: kept("lock"),
    retryLock: last("retryLock"),
    cacheDir: last("cacheDir"),
    cache: kept("cache"),
    cleanupCache: any("cleanupCache"),
    compression: last("compression"),
    packSize: last("packSize"),
    extraVerify: kept("extraVerify"),
    limitUpload: last("limitUpload"),
    limitDownload: last("limitDownload"),
    cacert: every("cacert"),
    tlsClientCert: last("tlsClientCert"),
    insecureTls: any("insecureTls"),
    httpUserAgent: last("httpUserAgent"),
    stuckRequestTimeout: last("stuckRequestTimeout"),
    option: every("option"),
    json: any("json"),
    quiet: any("quiet"),
    verbose: all.reduce((sum, options) => sum + Number(options["verbose"] ?? 0), 0),
  };
}
