/** Lock files (docs/format.md, section 12). */
import { utf8 } from "#base/bytes.ts";
import { encodeObject } from "#format/extra-fields.ts";
import { quoteJson } from "#format/go-json.ts";
import { JsonReader } from "#format/json-reader.ts";
import { formatTime, parseTime, ZERO_TIME, type ZonedTime } from "#format/time.ts";

export interface LockFile {
  readonly time: ZonedTime;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  /** 0 when not given, as for root. */
  readonly uid: number;
  readonly gid: number;
}

/** JSON bytes of a lock. */
export function encodeLock(lock: LockFile): Uint8Array {
  const members = [
    `"time":"${formatTime(lock.time)}"`,
    `"exclusive":${lock.exclusive}`,
    `"hostname":${quoteJson(lock.hostname)}`,
    `"username":${quoteJson(lock.username)}`,
    `"pid":${lock.pid}`,
  ];
  if (lock.uid !== 0) members.push(`"uid":${lock.uid}`);
  if (lock.gid !== 0) members.push(`"gid":${lock.gid}`);
  return utf8(encodeObject(members));
}

/**
 * Decodes an opened lock file.
 * @throws BAD_FORMAT when it is damaged: whoever reads locks must then treat it as held
 */
export function decodeLock(bytes: Uint8Array, name = "The lock file"): LockFile {
  const reader = new JsonReader(bytes, "BAD_FORMAT", name);
  const lock = { hostname: "", username: "", exclusive: false, pid: 0, uid: 0, gid: 0 };
  let time: ZonedTime = { ...ZERO_TIME, offsetMinutes: 0 };
  for (let more = reader.openObject(); more; more = reader.nextMember()) {
    const key = reader.key();
    if (reader.isNull()) continue;
    if (key === "time") time = parseTime(reader.string()) ?? reader.fail("a malformed time");
    else if (key === "exclusive") lock.exclusive = reader.boolean();
    else if (key === "hostname" || key === "username") lock[key] = reader.string();
    else if (key === "pid") lock.pid = reader.uint();
    else if (key === "uid" || key === "gid") lock[key] = reader.uint(0xffff_ffff);
    else reader.skip();
  }
  reader.finish();
  return { time, ...lock };
}
