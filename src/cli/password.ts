/**
 * Where a password comes from, in restic's order: `--password-command`/`--password-file`, their
 * variables, COFFER_PASSWORD/RESTIC_PASSWORD, the terminal. Never from the command line itself, and
 * never printed: it lives in a Secret. An empty one needs --insecure-no-password.
 */
import { CofferError, isCofferError } from "#base/errors.ts";
import { Secret } from "#base/secret.ts";
import type { CliIo } from "#cli/cli-io.ts";
import { readEnv } from "#cli/environment.ts";
import { splitCommand } from "#cli/parse/command-words.ts";
import { decodeTextFile } from "#cli/parse/text-file.ts";
import type { Settings } from "#cli/settings.ts";
import { terminalText } from "#cli/text/terminal-text.ts";

/** Longest accepted output of a password file or command, in bytes. */
const PASSWORD_LIMIT = 64 * 1024;
const TERMINAL_TRIES = 3;

const EMPTY =
  "an empty password is not allowed by default. Pass the flag `--insecure-no-password` to coffer " +
  "to disable this check";

/** The settings that name a password's source. */
export interface PasswordSettings extends Pick<
  Settings,
  "passwordFile" | "passwordCommand" | "insecureNoPassword"
> {
  /** Name of the variable without prefix; default PASSWORD. */
  readonly passwordVariable?: string;
}

/**
 * The password given by flag, file, command or variable; undefined when it has to be asked for.
 * @throws BAD_OPTION when sources exclude each other or fail
 */
export async function configuredPassword(
  settings: PasswordSettings,
  io: CliIo,
): Promise<Secret | undefined> {
  const given = await readConfigured(settings, io);
  if (settings.insecureNoPassword) {
    if (given !== undefined && !given.isEmpty) {
      throw new CofferError(
        "BAD_OPTION",
        "--insecure-no-password must not be specified together with providing a password via a " +
          "cli option or environment variable",
      );
    }
    return new Secret("");
  }
  return given === undefined || given.isEmpty ? undefined : given;
}

async function readConfigured(settings: PasswordSettings, io: CliIo): Promise<Secret | undefined> {
  const { passwordFile, passwordCommand } = settings;
  if (passwordFile && passwordCommand) {
    throw new CofferError("BAD_OPTION", "Password file and command are mutually exclusive options");
  }
  if (passwordCommand) {
    const argv = splitCommand("--password-command", passwordCommand);
    const output = await io.runProgram(argv, PASSWORD_LIMIT);
    return new Secret(decodeTextFile("The output of the password command", output).trim());
  }
  if (passwordFile) return readPasswordFile(passwordFile, io);
  const variable = readEnv(io.env, settings.passwordVariable ?? "PASSWORD");
  return variable === undefined ? undefined : new Secret(variable.value);
}

/** The trimmed text of a password file, UTF-8 or UTF-16 with BOM. @throws BAD_OPTION */
export async function readPasswordFile(path: string, io: CliIo): Promise<Secret> {
  const bytes = await io.files.read(path, PASSWORD_LIMIT);
  return new Secret(decodeTextFile(path, bytes).trim());
}

/**
 * Calls `open` with the configured password once, or with typed ones up to three times.
 * @throws what `open` throws; NO_PASSWORD when none is configured and none can be typed
 */
export async function withPassword<T>(
  settings: PasswordSettings,
  io: CliIo,
  open: (password: Secret) => Promise<T>,
): Promise<T> {
  const configured = await configuredPassword(settings, io);
  if (configured !== undefined) return open(configured);
  for (let left = io.stdin.isTerminal ? TERMINAL_TRIES : 1; ; left--) {
    try {
      return await open(await askPassword(io, "enter password for repository: "));
    } catch (error) {
      if (!isCofferError(error, "WRONG_PASSWORD", "NO_PASSWORD") || left <= 1) throw error;
      io.stderr.write(`${terminalText(error.message)}. Try again\n`);
    }
  }
}

/** A password that will open something new: typed twice at a terminal. @throws NO_PASSWORD */
export async function newPassword(
  settings: PasswordSettings,
  io: CliIo,
  prompts: readonly [string, string],
): Promise<Secret> {
  const configured = await configuredPassword(settings, io);
  if (configured !== undefined) return configured;
  return askNewPassword(io, prompts);
}

/** Asks twice at a terminal, reads once from a pipe. @throws NO_PASSWORD */
export async function askNewPassword(
  io: CliIo,
  prompts: readonly [string, string],
): Promise<Secret> {
  const first = await askPassword(io, prompts[0]);
  if (!io.stdin.isTerminal) return first;
  const second = await askPassword(io, prompts[1]);
  if (first.reveal() !== second.reveal()) {
    throw new CofferError("NO_PASSWORD", "passwords do not match");
  }
  return first;
}

async function askPassword(io: CliIo, prompt: string): Promise<Secret> {
  const text = io.stdin.isTerminal
    ? await io.stdin.readSecret(prompt, io.signal)
    : await readPiped(io);
  if (text === "") throw new CofferError("NO_PASSWORD", EMPTY);
  return new Secret(text);
}

/** The first line of a pipe, as restic reads it. */
async function readPiped(io: CliIo): Promise<string> {
  const bytes = await io.stdin.readAll(PASSWORD_LIMIT);
  const text = decodeTextFile("The password on standard input", bytes);
  return text.split("\n", 1)[0]!.replace(/\r$/, "");
}
