/** A snapshot as restic's --json shows it: its file's fields, then `id` and `short_id`. */
import { fromUtf8 } from "#base/bytes.ts";
import { RawJson } from "#cli/text/json-text.ts";
import { encodeSnapshot } from "#format/snapshot.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/** The members of the file's object, as JSON text without braces. */
function memberText(snapshot: StoredSnapshot): string {
  return fromUtf8(encodeSnapshot({ ...snapshot, extra: [] })).slice(1, -1);
}

/** One snapshot; `more` are members after the ids. */
export function snapshotJson(snapshot: StoredSnapshot, more = ""): RawJson {
  const { id } = snapshot;
  return new RawJson(
    `{${memberText(snapshot)},"id":"${id}","short_id":"${id.slice(0, 8)}"${more}}`,
  );
}

/** The file's fields only, as ncdu's header has them. */
export function snapshotMembers(snapshot: StoredSnapshot): RawJson {
  return new RawJson(`{${memberText(snapshot)}}`);
}
