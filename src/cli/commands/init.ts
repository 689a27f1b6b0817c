/** `init`: creates a repository. */
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { readEnv } from "#cli/environment.ts";
import { resolveLocation } from "#cli/location-setting.ts";
import { newPassword, withPassword } from "#cli/password.ts";
import type { Settings } from "#cli/settings.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";

export interface InitOptions {
  readonly repositoryVersion: string;
  readonly copyChunkerParams?: true | undefined;
  readonly fromRepo?: string | undefined;
  readonly fromRepositoryFile?: string | undefined;
  readonly fromPasswordFile?: string | undefined;
  readonly fromPasswordCommand?: string | undefined;
  readonly fromKeyHint?: string | undefined;
  readonly fromInsecureNoPassword?: true | undefined;
}

const PROMPTS = ["enter password for new repository: ", "enter password again: "] as const;

export async function run(options: InitOptions, context: CliContext): Promise<number> {
  const { io, settings, printer } = context;
  const version = parseVersion(options.repositoryVersion);
  const location = await resolveLocation(settings, io);
  const chunkerPolynomial = await copiedPolynomial(options, context);
  const engine = await context.engine();
  const password = await newPassword(settings, io, PROMPTS);
  const result = await engine
    .init({ location, password, settings, version, chunkerPolynomial, signal: io.signal })
    .catch((error: unknown) => {
      throw rewordExisting(error);
    });
  if (printer.json) {
    printer.jsonLine({
      message_type: "initialized",
      id: result.id,
      repository: result.location,
    });
    return 0;
  }
  const copied = chunkerPolynomial === undefined ? "" : " with chunker parameters copied";
  const place = terminalText(result.location);
  printer.message(`created coffer repository ${result.id.slice(0, 10)} at ${place}${copied}`);
  printer.message("");
  printer.message("Please note that knowledge of your password is required to access");
  printer.message("the repository. Losing your password means that your data is");
  printer.message("irrecoverably lost.");
  return 0;
}

/** The wording that scripts look for when a repository is there already. */
function rewordExisting(error: unknown): unknown {
  if (!(error instanceof CofferError) || error.code !== "REPOSITORY_EXISTS") return error;
  return new CofferError("REPOSITORY_EXISTS", `create repository failed: ${error.message}`, {
    cause: error,
    data: error.data,
  });
}

function parseVersion(text: string): 1 | 2 {
  if (text === "1") return 1;
  if (text === "2" || text === "latest" || text === "stable") return 2;
  throw badOption(`invalid repository version ${JSON.stringify(text)}: 1, 2, latest or stable`);
}

/** The other repository's polynomial when it is to be copied. */
async function copiedPolynomial(
  options: InitOptions,
  context: CliContext,
): Promise<bigint | undefined> {
  const { io, settings } = context;
  const other = otherSettings(options, settings, io.env);
  if (options.copyChunkerParams !== true) {
    if (options.fromRepo !== undefined || options.fromRepositoryFile !== undefined) {
      throw badOption(
        "Secondary repository must only be specified when copying the chunker parameters",
      );
    }
    return undefined;
  }
  const location = await resolveLocation(other, io);
  const engine = await context.engine();
  await using opened = await withPassword(other, io, (password) =>
    engine.open({
      location,
      password,
      keyHint: other.keyHint,
      settings: other,
      loadIndex: false,
      threads: false,
      readConcurrency: undefined,
      withAtime: false,
      lock: "none",
      signal: io.signal,
      onWarning: () => undefined,
      onWait: () => undefined,
    }),
  );
  return opened.repository.config.chunkerPolynomial;
}

/** Settings with every `--from-…` option and FROM_… variable in place of the plain one. */
function otherSettings(
  options: InitOptions,
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Settings & { readonly passwordVariable: string } {
  const variable = (name: string) => readEnv(env, `FROM_${name}`)?.value;
  return {
    ...settings,
    repo:
      options.fromRepo ??
      (options.fromRepositoryFile === undefined ? variable("REPOSITORY") : undefined),
    repositoryFile:
      options.fromRepositoryFile ??
      (options.fromRepo === undefined ? variable("REPOSITORY_FILE") : undefined),
    passwordFile: options.fromPasswordFile ?? variable("PASSWORD_FILE"),
    passwordCommand: options.fromPasswordCommand ?? variable("PASSWORD_COMMAND"),
    keyHint: options.fromKeyHint ?? variable("KEY_HINT"),
    insecureNoPassword: options.fromInsecureNoPassword === true,
    passwordVariable: "FROM_PASSWORD",
  };
}
