/**
 * Turns the paths a person gave into places in the tree, as restic does (docs/format.md, section
 * 9): absolute sources bring all their parent folders; relative ones keep their relative structure,
 * leading `..` dropped; `.` and `/` are replaced by their entries; two sources of one name at the
 * top get a number.
 */
import { equalBytes, fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import type { BackupSource } from "#operations/backup/options.ts";
import {
  absolutePath,
  isAbsolute,
  isDotDot,
  splitPath,
  type RawPath,
} from "#operations/backup/raw-path.ts";

export interface ResolvedSources {
  readonly sources: readonly BackupSource[];
  /** Absolute clean paths for the snapshot; bytes that are not UTF-8 become U+FFFD there. */
  readonly paths: readonly string[];
}

/**
 * @param given paths as typed, raw bytes
 * @param cwd absolute raw path that relative ones start from
 */
export function resolveSources(given: readonly RawPath[], cwd: RawPath): ResolvedSources {
  const here = splitPath(cwd);
  const sources: BackupSource[] = [];
  const paths: string[] = [];
  const taken = new Map<string, RawPath>();
  for (const path of given) {
    const names = cleanNames(isAbsolute(path) ? [] : here, path);
    const source = placeSource(path, names, taken);
    paths.push(fromUtf8(source.path));
    sources.push(source);
  }
  return { sources: withoutNested(sources), paths: [...new Set(paths)] };
}

/** The absolute names of a path, `..` resolved lexically. */
function cleanNames(start: readonly Uint8Array[], path: RawPath): Uint8Array[] {
  const names = [...start];
  for (const name of splitPath(path)) {
    if (isDotDot(name)) names.pop();
    else names.push(name);
  }
  return names;
}

function placeSource(
  given: RawPath,
  names: readonly Uint8Array[],
  taken: Map<string, RawPath>,
): BackupSource {
  const path = absolutePath(names);
  const visible = isAbsolute(given) ? names.length : relativeDepth(given, names.length);
  if (visible === 0) return { path, parents: [], name: undefined };
  const hidden = names.length - visible;
  const parents = names.slice(hidden, -1).map((name, i) => ({
    name,
    path: absolutePath(names.slice(0, hidden + i + 1)),
  }));
  const name = names.at(-1)!;
  const top = parents[0] ?? { name, path };
  const topName = freeName(top.name, top.path, taken);
  if (parents.length === 0) return { path, parents, name: topName };
  return { path, parents: [{ ...top, name: topName }, ...parents.slice(1)], name };
}

/**
 * How many trailing names of a relative path show in the tree: what remains after its last `..`.
 */
function relativeDepth(given: RawPath, most: number): number {
  let depth = 0;
  for (const name of splitPath(given)) {
    if (isDotDot(name)) depth = Math.max(0, depth - 1);
    else depth++;
  }
  return Math.min(depth, most);
}

/** The name itself, or `name-1`, `name-2`, … when another folder took it. */
function freeName(name: Uint8Array, path: RawPath, taken: Map<string, RawPath>): Uint8Array {
  for (let i = 0; ; i++) {
    const candidate = i === 0 ? name : new Uint8Array([...name, ...utf8(`-${i}`)]);
    const key = toHex(candidate);
    const holder = taken.get(key);
    if (holder && !equalBytes(holder, path)) continue;
    taken.set(key, path);
    return candidate;
  }
}

/** Drops sources that lie within another one: they are saved with it. */
function withoutNested(sources: readonly BackupSource[]): BackupSource[] {
  const kept: BackupSource[] = [];
  for (const source of sources) {
    const place = placeOf(source);
    if (kept.some((other) => place.startsWith(placeOf(other)))) continue;
    for (let i = kept.length - 1; i >= 0; i--) {
      if (placeOf(kept[i]!).startsWith(place)) kept.splice(i, 1);
    }
    kept.push(source);
  }
  return kept;
}

/**
 * Tree place as comparable text, each name ended by `/`. Entries of `.` may overlap others: see
 * below.
 */
function placeOf(source: BackupSource): string {
  if (source.name === undefined) return `=${toHex(source.path)}/`;
  return [...source.parents.map((parent) => parent.name), source.name]
    .map((name) => `${toHex(name)}/`)
    .join("");
}
