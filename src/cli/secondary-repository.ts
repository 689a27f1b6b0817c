/** The other repository of `init` and `copy`: `--from-…` options and FROM_… variables. */
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { readEnv } from "#cli/environment.ts";
import { resolveLocation } from "#cli/location-setting.ts";
import { withPassword } from "#cli/password.ts";
import type { Settings } from "#cli/settings.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";

export interface FromOptions {
  readonly fromRepo?: string | undefined;
  readonly fromRepositoryFile?: string | undefined;
  readonly fromPasswordFile?: string | undefined;
  readonly fromPasswordCommand?: string | undefined;
  readonly fromKeyHint?: string | undefined;
  readonly fromInsecureNoPassword?: true | undefined;
}

/** Settings with every `--from-…` option and FROM_… variable in place of the plain one. */
export function otherSettings(options: FromOptions, { io, settings }: CliContext) {
  const variable = (name: string) => readEnv(io.env, `FROM_${name}`)?.value;
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
  } satisfies Settings & { readonly passwordVariable: string };
}

/**
 * Opens it with its index, for reading. @throws BAD_OPTION when none is named, and what opening
 * throws
 */
export async function openSecondary(
  options: FromOptions,
  context: CliContext,
): Promise<OpenedEngine> {
  const { io, printer } = context;
  const other = otherSettings(options, context);
  if (other.repo === undefined && other.repositoryFile === undefined) {
    throw badOption(
      "Please specify a source repository location (--from-repo or --from-repository-file)",
    );
  }
  const location = await resolveLocation(other, io);
  const engine = await context.engine();
  return withPassword(other, io, (password) =>
    engine.open({
      location,
      password,
      keyHint: other.keyHint,
      settings: other,
      loadIndex: true,
      threads: "prune",
      readConcurrency: undefined,
      withAtime: false,
      lock: other.noLock ? "none" : "shared",
      signal: io.signal,
      onWarning: (error) => printer.error(`warning: ${terminalText(error.message)}`),
      onWait: (error) =>
        printer.message(`${terminalText(error.message)}; waiting for it to be released`),
    }),
  );
}
