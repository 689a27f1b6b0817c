/** `init`: creates a repository. */
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { resolveLocation } from "#cli/location-setting.ts";
import { newPassword, withPassword } from "#cli/password.ts";
import { otherSettings, type FromOptions } from "#cli/secondary-repository.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";

export interface InitOptions extends FromOptions {
  readonly repositoryVersion: string;
  readonly copyChunkerParams?: true | undefined;
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
  const { io } = context;
  const other = otherSettings(options, context);
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
