/** `version`. */
import type { CliContext } from "#cli/context.ts";
import { VERSION } from "#engine/program-version.ts";

/** Prints the version; JSON has restic's fields with Node's facts in place of Go's. */
export function run(_options: object, { io, printer }: CliContext): Promise<number> {
  const { nodeVersion, platform, architecture } = io.host;
  if (printer.json) {
    printer.jsonLine({
      message_type: "version",
      version: VERSION,
      node_version: nodeVersion,
      go_os: platform,
      go_arch: architecture,
    });
  } else {
    printer.result(`coffer ${VERSION} with Node ${nodeVersion} on ${platform}/${architecture}`);
  }
  return Promise.resolve(0);
}
