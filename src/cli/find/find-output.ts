/** The outputs of `find`: text, and restic's one JSON document. */
import type { Clock } from "#base/clock.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { nodeLine } from "#cli/node-line.ts";
import type { Printer } from "#cli/printer.ts";
import { formatLocalTime, formatMode } from "#cli/text/format-human.ts";
import { jsonText, type JsonValue, unlessZero } from "#cli/text/json-text.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import type { Node } from "#format/node.ts";
import { formatTime } from "#format/time.ts";
import { decodeUtf8 } from "#format/utf8-go.ts";
import type { FindEvent, FindMatch, FoundObject } from "#operations/find/find-types.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface FindOutput {
  event(event: FindEvent): void;
  end(): void;
}

export interface FindOutputOptions {
  readonly clock: Clock;
  readonly long: boolean;
  readonly human: boolean;
}

/** Lines, under a heading for each snapshot. */
export function findText(printer: Printer, options: FindOutputOptions): FindOutput {
  let current: StoredSnapshot | undefined;
  const match = ({ snapshot, path, node }: FindMatch): void => {
    if (snapshot !== current) {
      if (current) printer.message("");
      const time = formatLocalTime(snapshot.time, options.clock);
      printer.message(`Found matching entries in snapshot ${snapshot.id.slice(0, 8)} from ${time}`);
      current = snapshot;
    }
    printer.result(nodeLine({ path, node, depth: 0 }, options));
  };
  const object = ({ type, id, path, parentTree, snapshot }: FoundObject): void => {
    printer.result(`Found ${type} ${id}`);
    if (type === "blob") {
      printer.result(` ... in file ${terminalText(path)}`);
      printer.result(`     (tree ${parentTree})`);
    } else printer.result(` ... path ${terminalText(path)}`);
    const time = formatLocalTime(snapshot.time, options.clock);
    printer.result(` ... in snapshot ${snapshot.id.slice(0, 8)} (${time})`);
  };
  return {
    event(event) {
      if (event.kind === "match") match(event);
      else if (event.kind === "object") object(event);
      else reportError(printer, event);
    },
    end: () => undefined,
  };
}

/** One array: matches by snapshot, or objects one by one. Written as it grows. */
export function findJson(printer: Printer, clock: Clock): FindOutput {
  let current: StoredSnapshot | undefined;
  let hits = 0;
  let items = 0;
  const close = (): void => {
    if (current) printer.raw(`],"hits":${hits},"snapshot":"${current.id}"}`);
  };
  return {
    event(event) {
      if (event.kind === "error") {
        reportError(printer, event);
        return;
      }
      const { snapshot } = event;
      if (event.kind === "object") {
        printer.raw(`${items++ === 0 ? "[" : ","}${jsonText(objectJson(event))}`);
        return;
      }
      if (snapshot === current) printer.raw(",");
      else {
        close();
        printer.raw(`${items++ === 0 ? "[" : ","}{"matches":[`);
        current = snapshot;
        hits = 0;
      }
      hits++;
      printer.raw(jsonText(matchJson(event, clock)));
    },
    end() {
      close();
      printer.raw(items === 0 ? "[]\n" : "]\n");
    },
  };
}

function reportError(printer: Printer, event: FindEvent & { readonly kind: "error" }): void {
  const { snapshot, path, message } = event;
  const place = `${snapshot.id.slice(0, 8)}:${terminalText(path)}`;
  printer.error(`error: ${place}: ${terminalText(message)}`);
}

/** Fields in restic's order; bytes that are not UTF-8 become U+FFFD. */
export function matchJson(
  { path, node }: { readonly path: Uint8Array; readonly node: Node },
  clock: Clock,
): JsonValue {
  const time = (at: Timestamp) =>
    formatTime({ ...at, offsetMinutes: clock.offsetMinutesAt(at.seconds) });
  return {
    path: decodeUtf8(path),
    permissions: formatMode(node.mode),
    type: node.type,
    mode: unlessZero(node.mode),
    mtime: time(node.mtime),
    atime: time(node.atime),
    ctime: time(node.ctime),
    uid: node.uid,
    gid: node.gid,
    user: unlessZero(node.user),
    group: unlessZero(node.group),
    inode: unlessZero(node.inode),
    device_id: unlessZero(node.deviceId),
    size: unlessZero(node.size),
    links: unlessZero(node.links),
    linktarget: node.linkTarget && unlessZero(decodeUtf8(node.linkTarget)),
  };
}

function objectJson({ type, id, path, parentTree, snapshot }: FoundObject): JsonValue {
  return {
    object_type: type,
    id,
    path: decodeUtf8(path),
    parent_tree: parentTree,
    snapshot: snapshot.id,
    time: formatTime(snapshot.time),
  };
}
