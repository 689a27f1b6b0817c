/** The include and exclude options of a restore as one judge of paths. */
import { utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import { anyOf, createExcludeFilter } from "#filter/exclude.ts";
import { pathToText } from "#filter/path-text.ts";
import type { RestoreOptions } from "#operations/restore/options.ts";
import { WANTED, type PathFilter } from "#operations/restore/select.ts";

type Patterns = readonly string[] | undefined;

function filterOf(plain: Patterns, insensitive: Patterns): ReturnType<typeof anyOf> | undefined {
  const lists = [
    ...((plain?.length ?? 0) > 0 ? [createExcludeFilter(plain!)] : []),
    ...((insensitive?.length ?? 0) > 0
      ? [createExcludeFilter(insensitive!, { insensitive: true })]
      : []),
  ];
  return lists.length === 0 ? undefined : anyOf(lists);
}

/**
 * Undefined when everything is wanted.
 * @throws BAD_OPTION when includes and excludes are combined; BAD_PATTERN
 */
export function pathFilterOf(options: RestoreOptions): PathFilter | undefined {
  const include = filterOf(options.include, options.iinclude);
  const exclude = filterOf(options.exclude, options.iexclude);
  if (include !== undefined && exclude !== undefined) {
    throw new CofferError("BAD_OPTION", "Include and exclude patterns cannot be combined");
  }
  if (include !== undefined) {
    return (path, isFolder) => {
      const text = pathToText(path);
      const self = include.matches(text);
      const inside = isFolder && (self || include.mayMatchBelow(text));
      return (self ? WANTED.self : 0) + (inside ? WANTED.inside : 0);
    };
  }
  if (exclude === undefined) return undefined;
  return (path) => (exclude.matches(pathToText(path)) ? 0 : WANTED.self + WANTED.inside);
}

/**
 * Which extended attributes are restored: undefined means all.
 * @throws BAD_OPTION when includes and excludes are combined; BAD_PATTERN
 */
export function xattrFilterOf(
  options: RestoreOptions,
): ((name: Uint8Array) => boolean) | undefined {
  const include = filterOf(options.includeXattr, undefined);
  const exclude = filterOf(options.excludeXattr, undefined);
  if (include !== undefined && exclude !== undefined) {
    const message = "Include and exclude patterns of extended attributes cannot be combined";
    throw new CofferError("BAD_OPTION", message);
  }
  const rooted = (name: Uint8Array): string => `/${pathToText(name)}`;
  if (include !== undefined) return (name) => include.matches(rooted(name));
  if (exclude !== undefined) return (name) => !exclude.matches(rooted(name));
  return undefined;
}

/** A folder's path and a name in it. */
export function joinPath(folder: Uint8Array, name: Uint8Array): Uint8Array {
  const path = new Uint8Array(folder.length + 1 + name.length);
  path.set(folder);
  path.set(SLASH, folder.length);
  path.set(name, folder.length + 1);
  return path;
}

const SLASH = utf8("/");
