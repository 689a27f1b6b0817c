/** `repair packs`. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { packSettings } from "#cli/parse/prune-options.ts";
import { badOption } from "#cli/usage.ts";
import { type HexId, parseId } from "#format/id.ts";
import { repairPacks, type RepairPacksEvent } from "#operations/repair/repair-packs.ts";

export interface RepairPacksCliOptions {
  readonly ids: readonly string[];
}

export async function run(options: RepairPacksCliOptions, context: CliContext): Promise<number> {
  const { printer, io, settings } = context;
  if (options.ids.length === 0) throw badOption("no ids specified");
  const ids = options.ids.map(packId);
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const tell = (event: RepairPacksEvent): void => {
    if (event.kind === "lost") {
      printer.error(`${event.type} blob ${event.id} of pack ${event.pack.slice(0, 8)} is lost`);
    } else {
      printer.message(
        `pack ${event.id.slice(0, 8)}: ${event.saved} blobs saved, ${event.lost} lost`,
      );
    }
  };
  const saveCopy = async (id: HexId, bytes: Uint8Array): Promise<void> => {
    const name = `pack-${id}`;
    printer.message(`saving a copy as ${name}`);
    await io.files.write(name, bytes);
  };
  const { repository, signal } = session;
  const settled = { ids, settings: packSettings(settings), saveCopy };
  const result = await repairPacks(repository, settled, { signal, progress: tell });
  if (printer.json) printer.jsonLine({ message_type: "summary", ...result });
  printer.message("");
  printer.message("Now run `coffer repair snapshots --forget`, or back up again to heal the rest.");
  return 0;
}

function packId(text: string): HexId {
  const id = parseId(text);
  if (id) return id;
  throw badOption(`${JSON.stringify(text)} is no full pack ID`);
}
