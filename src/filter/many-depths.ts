/**
 * Patterns with two or more `**`. restic replaces the first `**` by as many `*` as the path's
 * length leaves room for, counting each later `**` as one component, and so on. A last `**` that
 * stands for nothing thus needs a longer path: "/s", any depth, "a", any depth does not select the
 * file "/s/x/a", but everything in a folder of that name. This is reproduced: leaving out more than
 * restic does would lose files.
 */
import type { Glob } from "#filter/glob.ts";

/** `**`: any number of components, none included. */
export const ANY_DEPTH = "**";

export type PatternPart = Glob | typeof ANY_DEPTH;

/**
 * Whether the pattern selects the path with these components. Time is bounded by the product of
 * pattern length and path length, times the path length for patterns that may begin anywhere.
 */
export function matchesManyDepths(
  parts: readonly PatternPart[],
  rooted: boolean,
  names: readonly string[],
): boolean {
  const depths = parts.filter((part) => part === ANY_DEPTH).length;
  // The root counts as a component of the path, and of a rooted pattern.
  const spare = names.length + 1 - (parts.length - depths + (rooted ? 1 : 0)) - depths;
  if (rooted) return matchesFrom(parts, names, 0, spare, true);
  for (let start = 0; start < names.length; start++) {
    if (matchesFrom(parts, names, start, spare, false)) return true;
  }
  return false;
}

/** @param spare what the first n `**` together may stand for, less n */
function matchesFrom(
  parts: readonly PatternPart[],
  names: readonly string[],
  start: number,
  spare: number,
  emptyCounts: boolean,
): boolean {
  let alive = new Set<number>([0]);
  for (let at = start; alive.size > 0; at++) {
    const next = new Set<number>();
    // A set that grows while it is walked visits what was added.
    for (const position of alive) {
      if (position === parts.length) {
        if (emptyCounts || at > start) return true;
        continue;
      }
      const part = parts[position]!;
      if (part === ANY_DEPTH) {
        const fixed = countFixed(parts, position);
        const stood = at - start - fixed;
        if (stood <= spare + (position - fixed) + 1) alive.add(position + 1);
        next.add(position);
      } else if (at < names.length && part.matches(names[at]!)) next.add(position + 1);
    }
    if (at === names.length) return false;
    alive = next;
  }
  return false;
}

/** Parts before `end` that stand for exactly one component. */
function countFixed(parts: readonly PatternPart[], end: number): number {
  let count = 0;
  for (let i = 0; i < end; i++) if (parts[i] !== ANY_DEPTH) count++;
  return count;
}
