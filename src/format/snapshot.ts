/** Snapshots (docs/format.md, section 8). Unknown fields survive decoding and encoding. */
import { utf8 } from "#base/bytes.ts";
import { encodeObject, type ExtraFields } from "#format/extra-fields.ts";
import { quoteJson, quoteJsonList } from "#format/go-json.ts";
import { parseId, type HexId } from "#format/id.ts";
import { JsonReader } from "#format/json-reader.ts";
import { decodeSummary, encodeSummary, type SnapshotSummary } from "#format/snapshot-summary.ts";
import { formatTime, parseTime, type ZonedTime } from "#format/time.ts";

export type { SnapshotSummary } from "#format/snapshot-summary.ts";

/** What is said of a snapshot in its file. Its id is the file's name and not part of it. */
export interface Snapshot {
  readonly time: ZonedTime;
  readonly parent?: HexId | undefined;
  /** Root tree. */
  readonly tree: HexId;
  /** Absolute, cleaned source paths. */
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly username: string;
  /** 0 when not given, as for root. */
  readonly uid: number;
  readonly gid: number;
  readonly excludes: readonly string[];
  readonly tags: readonly string[];
  /** The snapshot this one was made from by tag, rewrite or copy. */
  readonly original?: HexId | undefined;
  readonly programVersion: string;
  readonly summary?: SnapshotSummary | undefined;
  /** Fields of other programs, kept. */
  readonly extra: ExtraFields;
}

/** JSON bytes, fields in restic's order, empty ones left out, unknown ones last. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const members: string[] = [`"time":"${formatTime(snapshot.time)}"`];
  const text = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") members.push(`"${name}":${quoteJson(value)}`);
  };
  const list = (name: string, values: readonly string[]): void => {
    if (values.length > 0) members.push(`"${name}":${quoteJsonList(values)}`);
  };
  text("parent", snapshot.parent);
  members.push(`"tree":"${snapshot.tree}"`, `"paths":${quoteJsonList(snapshot.paths)}`);
  text("hostname", snapshot.hostname);
  text("username", snapshot.username);
  if (snapshot.uid !== 0) members.push(`"uid":${snapshot.uid}`);
  if (snapshot.gid !== 0) members.push(`"gid":${snapshot.gid}`);
  list("excludes", snapshot.excludes);
  list("tags", snapshot.tags);
  text("original", snapshot.original);
  text("program_version", snapshot.programVersion);
  if (snapshot.summary) members.push(`"summary":${encodeSummary(snapshot.summary)}`);
  return utf8(encodeObject(members, snapshot.extra));
}

/**
 * Decodes an opened snapshot file.
 * @throws BAD_FORMAT when it is damaged, with the reason
 */
export function decodeSnapshot(bytes: Uint8Array, name = "The snapshot"): Snapshot {
  const reader = new JsonReader(bytes, "BAD_FORMAT", name);
  const texts = { hostname: "", username: "", program_version: "" };
  const lists = { paths: [] as string[], excludes: [] as string[], tags: [] as string[] };
  const ids: { parent?: HexId; tree?: HexId; original?: HexId } = {};
  const numbers = { uid: 0, gid: 0 };
  let time: ZonedTime | undefined;
  let summary: SnapshotSummary | undefined;
  const extra: [string, string][] = [];
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    switch (key) {
      case "time":
        time = parseTime(reader.string()) ?? reader.fail("a malformed time");
        break;
      case "parent":
      case "tree":
      case "original":
        if (!reader.isNull()) ids[key] = parseId(reader.string()) ?? reader.fail("not an id");
        break;
      case "paths":
      case "excludes":
      case "tags":
        lists[key] = readTexts(reader);
        break;
      case "hostname":
      case "username":
      case "program_version":
        if (!reader.isNull()) texts[key] = reader.string();
        break;
      case "uid":
      case "gid":
        if (!reader.isNull()) numbers[key] = reader.uint(0xffff_ffff);
        break;
      case "summary":
        if (!reader.isNull()) summary = decodeSummary(reader);
        break;
      default:
        extra.push([key, reader.raw()]);
    }
  }
  reader.finish();
  if (time === undefined) return reader.fail("it has no time");
  if (ids.tree === undefined) return reader.fail("it has no tree");
  const { hostname, username, program_version: programVersion } = texts;
  return {
    time,
    parent: ids.parent,
    tree: ids.tree,
    ...lists,
    hostname,
    username,
    ...numbers,
    original: ids.original,
    programVersion,
    summary,
    extra,
  };
}

function readTexts(reader: JsonReader): string[] {
  const texts: string[] = [];
  if (reader.isNull()) return texts;
  for (let more = reader.openArray(); more; more = reader.nextItem()) texts.push(reader.string());
  return texts;
}
