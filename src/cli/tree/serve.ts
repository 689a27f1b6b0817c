/** `serve`: the repository's contents over the network. */
import type { Command } from "@commander-js/extra-typings";
import { addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

/** Adds `serve webdav`. */
export function defineServe(program: Command, start: Starter): void {
  const serve = program
    .command("serve")
    .summary("show all snapshots as a network drive")
    .description("Shows what the repository holds to other programs.");
  const webdav = serve
    .command("webdav")
    .summary("read-only network drive for this machine")
    .description(
      "Serves the snapshots of this moment over WebDAV, for this machine only: ids/, " +
        "hosts/ and tags/, the last two with latest/. Ends with ^C.",
    )
    .addHelpText(
      "after",
      "\nExample:\n  coffer serve webdav --port 8080\n  rclone ls :webdav: --webdav-url http://127.0.0.1:8080",
    )
    .option("--port <port>", "port to listen on; 0 for any free one", "8080");
  addSnapshotFilter(webdav).action((options, self) =>
    start(self, () => import("#cli/commands/serve-webdav.ts"), options),
  );
}
