/**
 * Global settings: flag beats environment beats default. Every value is checked before anything is
 * opened, so that a mistyped variable never runs a long command the wrong way.
 */
import { CofferError } from "#base/errors.ts";
import { readEnv, type Env } from "#cli/environment.ts";
import { parseDuration } from "#cli/parse/durations.ts";
import { parseChoice, parseCount, parseInteger } from "#cli/parse/sizes.ts";
import type { RawGlobals } from "#cli/raw-globals.ts";

export const COMPRESSION_MODES = ["auto", "off", "fastest", "better", "max"] as const;
export type CompressionMode = (typeof COMPRESSION_MODES)[number];

/** 0 errors only, 1 default, 2 more, 3 every file. */
export type Verbosity = 0 | 1 | 2 | 3;

export interface Settings {
  readonly repo: string | undefined;
  readonly repositoryFile: string | undefined;
  readonly passwordFile: string | undefined;
  readonly passwordCommand: string | undefined;
  readonly keyHint: string | undefined;
  readonly insecureNoPassword: boolean;
  readonly noLock: boolean;
  /** How long to wait for a lock; 0 means one try. */
  readonly retryLockMs: number;
  readonly cacheDir: string | undefined;
  readonly noCache: boolean;
  readonly cleanupCache: boolean;
  readonly compression: CompressionMode;
  /** Target size of pack files in bytes; undefined is the engine's default. */
  readonly packSizeBytes: number | undefined;
  readonly extraVerify: boolean;
  /** KiB/s; 0 is unlimited. */
  readonly limitUploadKiB: number;
  readonly limitDownloadKiB: number;
  readonly cacert: readonly string[];
  readonly tlsClientCert: string | undefined;
  readonly insecureTls: boolean;
  readonly httpUserAgent: string | undefined;
  readonly stuckRequestTimeoutMs: number;
  /** `-o key=value`, keys in lower case. */
  readonly extended: ReadonlyMap<string, string>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbosity: Verbosity;
  /** Progress reports per second; undefined is the default of the output at hand. */
  readonly progressFps: number | undefined;
}

/** docs/format.md allows any; these are the bounds restic accepts, in MiB. */
const PACK_SIZE_MIB = { min: 4, max: 128 };
const MIB = 1024 * 1024;

/** @throws BAD_OPTION naming the flag or the variable */
export function resolveSettings(raw: RawGlobals, env: Env): Settings {
  const text = (flag: string | undefined, setting: string) =>
    flag === undefined || flag === "" ? readEnv(env, setting)?.value : flag;
  const verbosity = resolveVerbosity(raw);
  const cacert = readEnv(env, "CACERT");
  return {
    repo: raw.repo ?? (raw.repositoryFile ? undefined : readEnv(env, "REPOSITORY")?.value),
    repositoryFile:
      raw.repositoryFile ?? (raw.repo ? undefined : readEnv(env, "REPOSITORY_FILE")?.value),
    passwordFile: raw.passwordFile ?? readEnvUnless(raw.passwordCommand, env, "PASSWORD_FILE"),
    passwordCommand:
      raw.passwordCommand ?? readEnvUnless(raw.passwordFile, env, "PASSWORD_COMMAND"),
    keyHint: text(raw.keyHint, "KEY_HINT"),
    insecureNoPassword: raw.insecurePassword,
    noLock: !raw.lock,
    retryLockMs: raw.retryLock === undefined ? 0 : parseDuration("--retry-lock", raw.retryLock),
    cacheDir: text(raw.cacheDir, "CACHE_DIR"),
    noCache: !raw.cache,
    cleanupCache: raw.cleanupCache,
    compression:
      resolveChecked(raw.compression, "--compression", env, "COMPRESSION", (name, v) =>
        parseChoice(name, v, COMPRESSION_MODES),
      ) ?? "auto",
    packSizeBytes: resolveChecked(raw.packSize, "--pack-size", env, "PACK_SIZE", parsePackSize),
    extraVerify: raw.extraVerify,
    limitUploadKiB: parseLimit("--limit-upload", raw.limitUpload),
    limitDownloadKiB: parseLimit("--limit-download", raw.limitDownload),
    cacert: raw.cacert.length > 0 ? raw.cacert : (cacert?.value.split(",") ?? []),
    tlsClientCert: text(raw.tlsClientCert, "TLS_CLIENT_CERT"),
    insecureTls: raw.insecureTls,
    httpUserAgent: text(raw.httpUserAgent, "HTTP_USER_AGENT"),
    stuckRequestTimeoutMs: parseDuration(
      "--stuck-request-timeout",
      raw.stuckRequestTimeout ?? "5m",
    ),
    extended: parseExtended(raw.option),
    json: raw.json,
    quiet: raw.quiet,
    verbosity,
    progressFps: resolveChecked(undefined, "", env, "PROGRESS_FPS", parseFps),
  };
}

function readEnvUnless(flag: string | undefined, env: Env, setting: string): string | undefined {
  return flag === undefined ? readEnv(env, setting)?.value : undefined;
}

function resolveChecked<T>(
  flag: string | undefined,
  option: string,
  env: Env,
  setting: string,
  parse: (name: string, text: string) => T,
): T | undefined {
  if (flag !== undefined) return parse(option, flag);
  const found = readEnv(env, setting);
  return found === undefined ? undefined : parse(found.name, found.value);
}

function resolveVerbosity(raw: RawGlobals): Verbosity {
  if (raw.quiet && raw.verbose > 0) {
    throw new CofferError(
      "BAD_OPTION",
      "--quiet and --verbose cannot be specified at the same time",
    );
  }
  if (raw.quiet) return 0;
  return raw.verbose >= 2 ? 3 : raw.verbose === 1 ? 2 : 1;
}

function parsePackSize(option: string, text: string): number | undefined {
  const mib = parseCount(option, text);
  if (mib === 0) return undefined;
  if (mib < PACK_SIZE_MIB.min || mib > PACK_SIZE_MIB.max) {
    throw new CofferError(
      "BAD_OPTION",
      `invalid value for ${option} "${text}": the pack size is between ` +
        `${PACK_SIZE_MIB.min} and ${PACK_SIZE_MIB.max} MiB`,
    );
  }
  return mib * MIB;
}

function parseLimit(option: string, text: string | undefined): number {
  return text === undefined ? 0 : Math.max(0, parseInteger(option, text));
}

function parseFps(name: string, text: string): number {
  const fps = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(fps > 0)) {
    throw new CofferError(
      "BAD_OPTION",
      `invalid value for ${name} "${text}": expected a number above 0`,
    );
  }
  return Math.min(60, fps);
}

function parseExtended(options: readonly string[]): Map<string, string> {
  const extended = new Map<string, string>();
  for (const option of options) {
    const [key, value = ""] = splitOnce(option);
    if (key === "") throw new CofferError("BAD_OPTION", "option (-o) with an empty key");
    const known = extended.get(key);
    if (known !== undefined && known !== value) {
      throw new CofferError("BAD_OPTION", `option (-o) ${key} is given twice, with two values`);
    }
    extended.set(key, value);
  }
  return extended;
}

function splitOnce(option: string): [string, string?] {
  const at = option.indexOf("=");
  if (at < 0) return [option.trim().toLowerCase()];
  return [option.slice(0, at).trim().toLowerCase(), option.slice(at + 1).trim()];
}
