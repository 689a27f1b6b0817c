/**
 * Lists of patterns over absolute paths, with restic's syntax: the last pattern that matches
 * decides, `!` takes a match back. Excluded folders are not entered by callers, so nothing inside
 * can be taken back.
 */
import { PathPattern, type PatternState } from "#filter/path-pattern.ts";
import { foldCase, pathToText } from "#filter/path-text.ts";

/**
 * Decides about absolute, cleaned, `/`-separated paths. Not shared between threads; keeps a small
 * memory.
 */
export interface PathFilter {
  /** Whether the path, or a folder above it, is selected by the patterns. */
  matches(path: string): boolean;
  /** The same for raw bytes; see `pathToText`. */
  matchesRaw(path: Uint8Array): boolean;
  /** Whether something below this folder may be selected: false means it need not be entered. */
  mayMatchBelow(path: string): boolean;
}

export interface FilterOptions {
  /** Ignore case, as `--iexclude` does. */
  readonly insensitive?: boolean | undefined;
}

/** What is known about a folder: its text, and each pattern's state. */
interface Folder {
  /** Without trailing slash; empty for the root. */
  readonly path: string;
  readonly states: readonly PatternState[];
}

/**
 * A filter of one pattern list. Empty patterns are ignored. Asked in the order of a walk, each path
 * costs one component test per pattern.
 * @throws BAD_PATTERN for a malformed pattern
 */
export function createExcludeFilter(
  patterns: readonly string[],
  { insensitive = false }: FilterOptions = {},
): PathFilter {
  const fold = insensitive ? foldCase : (text: string): string => text;
  const compiled = patterns
    .filter((text) => text !== "")
    .map((text) => new PathPattern(fold(text)));
  return new PatternListFilter(compiled, fold);
}

class PatternListFilter implements PathFilter {
  readonly #patterns: readonly PathPattern[];
  readonly #fold: (text: string) => string;
  readonly #root: Folder;
  /** The folders above the last path asked for, outermost first. */
  readonly #above: Folder[] = [];

  constructor(patterns: readonly PathPattern[], fold: (text: string) => string) {
    this.#patterns = patterns;
    this.#fold = fold;
    this.#root = { path: "", states: patterns.map((pattern) => pattern.start) };
  }

  matches(path: string): boolean {
    if (this.#patterns.length === 0) return false;
    const text = this.#fold(path);
    const slash = text.lastIndexOf("/");
    const { states } = this.#folder(text, slash);
    const name = text.slice(slash + 1);
    let matched = false;
    for (let i = 0; i < this.#patterns.length; i++) {
      const pattern = this.#patterns[i]!;
      // A pattern that cannot change the outcome is not asked.
      if (pattern.negated !== matched) continue;
      const hit = name === "" ? states[i]!.matched : pattern.matchesNext(states[i]!, name);
      if (hit) matched = !pattern.negated;
    }
    return matched;
  }

  matchesRaw(path: Uint8Array): boolean {
    return this.#patterns.length > 0 && this.matches(pathToText(path));
  }

  mayMatchBelow(path: string): boolean {
    const text = this.#fold(path);
    const { states } = this.#folder(text, text === "/" ? 0 : text.length);
    let may = false;
    for (const [i, pattern] of this.#patterns.entries()) {
      const { matched, positions } = states[i]!;
      if (pattern.negated) may &&= !matched;
      else may ||= matched || positions.length > 0;
    }
    return may;
  }

  /** The folder `text[0, end)`, from the nearest one that is remembered. */
  #folder(text: string, end: number): Folder {
    if (end <= 0) return this.#root;
    const above = this.#above;
    let folder = above.at(-1);
    while (folder !== undefined && !isWithin(text, end, folder.path)) {
      above.pop();
      folder = above.at(-1);
    }
    folder ??= this.#root;
    while (folder.path.length < end) {
      const from = folder.path.length + 1;
      const slash = text.indexOf("/", from);
      const stop = slash < 0 || slash > end ? end : slash;
      const name = text.slice(from, stop);
      const before: Folder = folder;
      folder = {
        path: text.slice(0, stop),
        states: this.#patterns.map((pattern, i) => pattern.step(before.states[i]!, name)),
      };
      above.push(folder);
    }
    return folder;
  }
}

/** Whether `text[0, end)` is the folder or below it. */
function isWithin(text: string, end: number, folder: string): boolean {
  if (end < folder.length || !text.startsWith(folder)) return false;
  return end === folder.length || text.charCodeAt(folder.length) === 0x2f;
}

/** A filter that selects what any of the given ones selects: `--exclude` beside `--iexclude`. */
export function anyOf(filters: readonly PathFilter[]): PathFilter {
  return {
    matches: (path) => filters.some((filter) => filter.matches(path)),
    matchesRaw: (path) => {
      const text = pathToText(path);
      return filters.some((filter) => filter.matches(text));
    },
    mayMatchBelow: (path) => filters.some((filter) => filter.mayMatchBelow(path)),
  };
}
