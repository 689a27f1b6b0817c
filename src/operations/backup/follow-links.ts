/** Resolves a folder that a person reached through symlinks: `/tmp/x` where `/tmp` is a link. */
import {
  absolutePath,
  isAbsolute,
  isDotDot,
  splitPath,
  type RawPath,
} from "#operations/backup/raw-path.ts";
import type { SourceTree } from "#platform/source-tree.ts";

/** Linux gives up after as many. */
const MAX_LINKS = 40;

/** The real path, or the given one when it cannot be resolved (its own error is reported later). */
export function followLinks(source: SourceTree, path: RawPath): RawPath {
  let at = path;
  for (let i = 0; i < MAX_LINKS; i++) {
    let target: Uint8Array | undefined;
    try {
      target = source.lstat(at).linkTarget;
    } catch {
      return path;
    }
    if (!target) return at;
    const names = isAbsolute(target) ? [] : splitPath(at).slice(0, -1);
    for (const name of splitPath(target)) {
      if (isDotDot(name)) names.pop();
      else names.push(name);
    }
    at = absolutePath(names);
  }
  return path;
}
