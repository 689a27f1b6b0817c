/** Global options as typed, before environment and defaults; see `settings.ts`. */

export interface RawGlobals {
  readonly repo?: string | undefined;
  readonly repositoryFile?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly passwordCommand?: string | undefined;
  readonly keyHint?: string | undefined;
  readonly insecurePassword: boolean;
  readonly lock: boolean;
  readonly retryLock?: string | undefined;
  readonly cacheDir?: string | undefined;
  readonly cache: boolean;
  readonly cleanupCache: boolean;
  readonly compression?: string | undefined;
  readonly packSize?: string | undefined;
  readonly extraVerify: boolean;
  readonly limitUpload?: string | undefined;
  readonly limitDownload?: string | undefined;
  readonly cacert: readonly string[];
  readonly tlsClientCert?: string | undefined;
  readonly insecureTls: boolean;
  readonly httpUserAgent?: string | undefined;
  readonly stuckRequestTimeout?: string | undefined;
  readonly option: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
}
