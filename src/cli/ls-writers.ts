/** The three outputs of `ls`: text, JSON lines, and ncdu's nested JSON. */
import { jsonText } from "#cli/text/json-text.ts";
import { nodeJson, nodeNcdu } from "#cli/node-json.ts";
import { nodeLine, type LineOptions } from "#cli/node-line.ts";
import type { Printer } from "#cli/printer.ts";
import { snapshotJson, snapshotMembers } from "#cli/snapshot-json.ts";
import { describeSnapshot } from "#cli/snapshot-table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type { LsEntry } from "#operations/ls.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface LsWriter {
  start(snapshot: StoredSnapshot): void;
  entry(entry: LsEntry): void;
  end(): void;
}

/** One line an entry, names made safe for the terminal. */
export function textWriter(
  printer: Printer,
  folders: readonly string[],
  options: LineOptions,
): LsWriter {
  return {
    start(snapshot) {
      const filter = folders.map((folder) => terminalText(folder)).join(" ");
      printer.message(`${describeSnapshot(snapshot)} filtered by [${filter}]:`);
    },
    entry: (entry) => printer.result(nodeLine(entry, options)),
    end: () => undefined,
  };
}

/** One JSON line for the snapshot and for each entry. */
export function jsonWriter(printer: Printer, { clock }: Pick<LineOptions, "clock">): LsWriter {
  return {
    start: (snapshot) =>
      printer.jsonLine(
        snapshotJson(snapshot, ',"message_type":"snapshot","struct_type":"snapshot"'),
      ),
    entry: (entry) => printer.jsonLine(nodeJson(entry, clock)),
    end: () => undefined,
  };
}

/** Folders nest as arrays that begin with the folder itself; entries come folder first. */
export function ncduWriter(printer: Printer): LsWriter {
  let open = 1;
  const indent = (): string => "  ".repeat(open);
  const closeTo = (depth: number): void => {
    while (open > depth) {
      open--;
      printer.raw(`\n${indent()}]`);
    }
  };
  return {
    start: (snapshot) =>
      printer.raw(`[1, 2, ${jsonText(snapshotMembers(snapshot))}, [{"name":"/"}`),
    entry({ node, depth }) {
      closeTo(depth + 1);
      const text = jsonText(nodeNcdu(node));
      if (node.type !== "dir") {
        printer.raw(`,\n${indent()}${text}`);
        return;
      }
      printer.raw(`,\n${indent()}[\n${indent()}  ${text}`);
      open++;
    },
    end() {
      closeTo(1);
      printer.raw("\n]\n]\n");
    },
  };
}
