/** `heal`: restores damaged and missing files of replicas from each other, without a password. */
import { describeFile } from "#backends/backend.ts";
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { openRawStorages } from "#cli/replicas/raw-storage.ts";
import { formatBytes } from "#cli/text/format-human.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { heal, type HealEvent } from "#operations/heal/heal.ts";

export interface HealCliOptions {
  readonly replicas: readonly string[];
  readonly dryRun?: true | undefined;
  /** `--no-read-data` */
  readonly readData: boolean;
  readonly onlyDamaged?: true | undefined;
}

export async function run(options: HealCliOptions, context: CliContext): Promise<number> {
  const { io, printer, settings } = context;
  const given = settings.repo === undefined ? [] : [settings.repo];
  const locations = [...new Set([...given, ...options.replicas])];
  if (locations.length < 2) throw badOption("heal needs two or more replicas of a repository");
  await using storages = await openRawStorages(locations, context);
  const places = storages.backends.map(({ location }) => terminalText(location));
  const result = await heal(
    storages.backends,
    (bytes) => storages.sha256(bytes),
    {
      dryRun: options.dryRun === true,
      readAll: options.readData,
      onlyDamaged: options.onlyDamaged === true,
    },
    { signal: io.signal, progress: (event) => report(event, places, context) },
  );
  printer.status([]);
  if (printer.json) {
    printer.jsonLine({
      message_type: "summary",
      files: result.files,
      bytes_read: result.bytesRead,
      found: result.found,
      healed: result.healed,
      lost: result.lost,
      failed: result.failed,
    });
  } else {
    printer.message(
      `${result.files} files in ${places.length} replicas, ${formatBytes(result.bytesRead)} read: ` +
        `${result.found} damaged or missing, ${result.healed} healed, ${result.lost} lost`,
    );
  }
  if (result.lost > 0) {
    throw new CofferError("INCOMPLETE", `${result.lost} files are intact in no replica`);
  }
  if (result.failed > 0 || (options.dryRun === true && result.found > 0)) return 1;
  return 0;
}

function report(event: HealEvent, places: readonly string[], { printer }: CliContext): void {
  if (event.kind === "checked") {
    printer.status([`${event.files} / ${event.total} files`]);
    return;
  }
  const file = describeFile(event.file);
  if (printer.json) {
    const { kind } = event;
    printer.jsonLine({
      message_type: kind,
      file_type: event.file.type,
      file: event.file.name,
      replica: "replica" in event ? places[event.replica] : undefined,
      ailment: "ailment" in event ? event.ailment : undefined,
      from: "from" in event && event.from !== undefined ? places[event.from] : undefined,
      message: "error" in event ? event.error.message : undefined,
    });
    return;
  }
  if (event.kind === "lost") printer.error(`${file} is intact in no replica`);
  else if (event.kind === "failed") {
    printer.error(`${file} in ${places[event.replica]}: ${terminalText(event.error.message)}`);
  } else if (event.kind === "found") {
    printer.message(`${file} is ${event.ailment} in ${places[event.replica]}`);
  } else {
    printer.message(`${file} in ${places[event.replica]} restored from ${places[event.from!]}`);
  }
}
