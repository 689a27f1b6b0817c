/** `key list`. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { formatLocalTime } from "#cli/text/format-human.ts";
import { renderTable } from "#cli/text/table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { listKeys, type KeyRow } from "#operations/keys.ts";

export async function run(_options: object, context: CliContext): Promise<number> {
  const { printer, io } = context;
  await using session = await openSession(context, { lock: "shared", loadIndex: false });
  const rows = await listKeys(session.repository, { signal: session.signal });
  const damaged = rows.filter((row) => row.error !== undefined);
  for (const { id, error } of damaged) {
    printer.error(`key ${id.slice(0, 8)} cannot be read: ${terminalText(error!.message)}`);
  }
  const created = (file: NonNullable<KeyRow["file"]>) => formatLocalTime(file.created, io.clock);
  const readable = rows.flatMap((row) =>
    row.file === undefined ? [] : [{ ...row, file: row.file }],
  );
  if (printer.json) {
    printer.jsonLine(
      readable.map(({ current, id, file }) => ({
        current,
        id,
        userName: file.username,
        hostName: file.hostname,
        created: created(file),
      })),
    );
  } else {
    printer.raw(
      renderTable({
        columns: [" ID", "User", "Host", "Created"],
        rows: readable.map(({ current, id, file }) => [
          `${current ? "*" : " "}${id.slice(0, 8)}`,
          terminalText(file.username),
          terminalText(file.hostname),
          created(file),
        ]),
      }),
    );
  }
  return damaged.length > 0 ? 1 : 0;
}
