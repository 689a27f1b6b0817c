/**
 * One pattern over whole paths. A pattern is a list of components; reading a path component by
 * component moves a set of positions in that list, so that what was found out for a folder serves
 * everything in it.
 */
import { Glob } from "#filter/glob.ts";
import { ANY_DEPTH, matchesManyDepths, type PatternPart } from "#filter/many-depths.ts";

/**
 * Positions in a pattern that are alive after some components of a path; ascending. `matched` stays
 * true below a folder that matched.
 */
export interface PatternState {
  readonly positions: readonly number[];
  readonly matched: boolean;
  /** The pattern's end was reached, but whether that counts depends on the path's length. */
  readonly reached: boolean;
  /** The components so far; kept only for patterns whose match depends on the path's length. */
  readonly names: readonly string[];
}

const NO_NAMES: readonly string[] = [];
const MATCHED: PatternState = { positions: [], matched: true, reached: true, names: NO_NAMES };

/** One pattern, compiled. Matching walks a path folder by folder and keeps its state in between. */
export class PathPattern {
  /** Written with `!`: takes back an earlier match. */
  readonly negated: boolean;
  /** Begins with a slash: counts from the root only. */
  readonly rooted: boolean;
  /** The state of the root folder. */
  readonly start: PatternState;
  readonly #parts: readonly PatternPart[];
  /** Two or more `**`: see many-depths.ts. */
  readonly #many: boolean;

  /** @throws BAD_PATTERN when a component is malformed */
  constructor(pattern: string) {
    this.negated = pattern.startsWith("!");
    const text = cleanPattern(this.negated ? pattern.slice(1) : pattern);
    this.rooted = text.startsWith("/");
    const parts = text.split("/").filter((part) => part !== "");
    this.#parts = parts.map((part) => (part === ANY_DEPTH ? ANY_DEPTH : new Glob(part)));
    this.#many = parts.filter((part) => part === ANY_DEPTH).length > 1;
    const positions = this.#close([0]);
    const reached = this.rooted && positions.includes(parts.length);
    this.start = this.#decide(positions, reached, NO_NAMES);
  }

  #decide(positions: readonly number[], reached: boolean, names: readonly string[]): PatternState {
    if (reached && (!this.#many || matchesManyDepths(this.#parts, this.rooted, names))) {
      return MATCHED;
    }
    return { positions, matched: false, reached, names };
  }

  /** Adds what `**` reaches by standing for nothing. */
  #close(positions: number[]): number[] {
    for (const position of positions) {
      // The list grows while it is walked: a `**` may follow a `**`.
      if (this.#parts[position] === ANY_DEPTH && !positions.includes(position + 1)) {
        positions.push(position + 1);
      }
    }
    return positions;
  }

  /** The state one component further. */
  step(state: PatternState, name: string): PatternState {
    if (state.matched) return state;
    const moved: number[] = [];
    for (const position of state.positions) {
      const part = this.#parts[position];
      const next = part === ANY_DEPTH ? position : part?.matches(name) ? position + 1 : -1;
      if (next >= 0 && !moved.includes(next)) moved.push(next);
    }
    const positions = this.#close(moved);
    const reached = state.reached || positions.includes(this.#parts.length);
    if (!this.rooted) {
      // A pattern without leading slash may begin anywhere.
      for (const position of this.start.positions) {
        if (!positions.includes(position)) positions.push(position);
      }
    }
    return this.#decide(positions, reached, this.#many ? [...state.names, name] : NO_NAMES);
  }

  /** Like `step(state, name).matched`, without allocating: the last component of each file. */
  matchesNext(state: PatternState, name: string): boolean {
    if (state.matched) return true;
    if (!state.reached && !this.#reaches(state, name)) return false;
    return !this.#many || matchesManyDepths(this.#parts, this.rooted, [...state.names, name]);
  }

  #reaches({ positions }: PatternState, name: string): boolean {
    const parts = this.#parts;
    for (const position of positions) {
      const part = parts[position];
      if (part === undefined) continue;
      if (part === ANY_DEPTH) {
        if (this.#restIsAnyDepth(position)) return true;
      } else if (part.matches(name) && this.#restIsAnyDepth(position + 1)) return true;
    }
    return false;
  }

  #restIsAnyDepth(from: number): boolean {
    for (let i = from; i < this.#parts.length; i++) if (this.#parts[i] !== ANY_DEPTH) return false;
    return true;
  }
}

/** Go's `filepath.Clean`: no empty parts, `.` or resolvable `..`, no trailing slash. */
export function cleanPattern(pattern: string): string {
  const rooted = pattern.startsWith("/");
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push(part);
  }
  const text = parts.join("/");
  if (rooted) return `/${text}`;
  return text === "" ? "." : text;
}
