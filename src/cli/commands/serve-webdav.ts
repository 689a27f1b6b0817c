/** `serve webdav`: all snapshots as a network drive, read-only, for this machine. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { parseCount } from "#cli/parse/sizes.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { serveWebdav } from "#engine/node/webdav/webdav-server.ts";
import { createSnapshotView } from "#operations/view/snapshot-view.ts";

export interface ServeWebdavOptions extends FilterOptions {
  readonly port: string;
}

export async function run(options: ServeWebdavOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const port = parseCount("--port", options.port);
  if (port > 65_535) throw badOption("--port: ports go from 0 to 65535");
  await using session = await openSession(context, { lock: "shared", loadIndex: true });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const { snapshots } = await selectSnapshots(session, [], filter, context);
  const view = createSnapshotView(repository, snapshots);
  await using server = await serveWebdav(repository, view, {
    port,
    onError: (path, message) => printer.error(`${terminalText(path)}: ${terminalText(message)}`),
  });
  if (printer.json) printer.jsonLine({ message_type: "serving", url: server.url });
  else printer.result(`serving ${snapshots.length} snapshots at ${server.url}; end with ^C`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return 0;
}
