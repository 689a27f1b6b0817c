/** Opening the repository for a command: location, password, lock, and what is said about it. */
import type { Secret } from "#base/secret.ts";
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine, OpenRequest } from "#cli/engine-port.ts";
import { resolveLocation } from "#cli/location-setting.ts";
import { withPassword } from "#cli/password.ts";
import { terminalText } from "#cli/text/terminal-text.ts";

export type SessionOptions = Pick<OpenRequest, "lock" | "loadIndex"> &
  Partial<Pick<OpenRequest, "threads" | "readConcurrency" | "withAtime">> & {
    /** Found already; default: as the settings say. */
    readonly password?: Secret | undefined;
  };

/**
 * Opens the repository named by the settings. Close it with `await using`.
 * @throws BAD_OPTION, BAD_LOCATION, NO_REPOSITORY, WRONG_PASSWORD, LOCKED, storage errors
 */
export async function openSession(
  context: CliContext,
  { password: found, ...options }: SessionOptions,
): Promise<OpenedEngine> {
  const { io, settings, printer } = context;
  const location = await resolveLocation(settings, io);
  const engine = await context.engine();
  const open = (password: Secret) =>
    engine.open({
      location,
      password,
      keyHint: settings.keyHint,
      settings,
      threads: false,
      readConcurrency: undefined,
      withAtime: false,
      ...options,
      lock: settings.noLock && options.lock === "shared" ? "none" : options.lock,
      signal: io.signal,
      onWarning: (error) => printer.error(`warning: ${terminalText(error.message)}`),
      onWait: (error) =>
        printer.message(`${terminalText(error.message)}; waiting for it to be released`),
    });
  const session = await (found === undefined ? withPassword(settings, io, open) : open(found));
  const { config } = session.repository;
  const level = config.version >= 2 ? `, compression level ${settings.compression}` : "";
  printer.terminalMessage(
    `repository ${config.id.slice(0, 8)} opened (version ${config.version}${level})`,
  );
  return session;
}
