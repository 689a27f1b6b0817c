/** Raw byte paths: absolute, `/`-separated, clean. */
import { concatBytes } from "#base/bytes.ts";

const SLASH = 0x2f;
const DOT = 0x2e;
const SEPARATOR = new Uint8Array([SLASH]);

export type RawPath = Uint8Array;

export const ROOT: RawPath = SEPARATOR;

/** The path of an entry in a folder. */
export function joinPath(folder: RawPath, name: Uint8Array): RawPath {
  const slash = folder.length > 1 || folder[0] !== SLASH ? 1 : 0;
  const out = new Uint8Array(folder.length + slash + name.length);
  out.set(folder);
  if (slash) out[folder.length] = SLASH;
  out.set(name, folder.length + slash);
  return out;
}

/** Names between the slashes, empty ones and `.` left out. */
export function splitPath(path: RawPath): Uint8Array[] {
  const names: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path[i] !== SLASH) continue;
    const name = path.subarray(start, i);
    if (name.length > 0 && !(name.length === 1 && name[0] === DOT)) names.push(name);
    start = i + 1;
  }
  return names;
}

/** The absolute path of the names. */
export function absolutePath(names: readonly Uint8Array[]): RawPath {
  if (names.length === 0) return ROOT;
  return concatBytes(names.flatMap((name) => [SEPARATOR, name]));
}

/** Whether a path starts at the root. */
export function isAbsolute(path: RawPath): boolean {
  return path[0] === SLASH;
}

/** Whether a name stands for the folder above. */
export function isDotDot(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === DOT && name[1] === DOT;
}
