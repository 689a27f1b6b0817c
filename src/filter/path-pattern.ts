/**
 * One pattern over whole paths. A pattern is a list of components; reading a path component by component
 * moves a set of positions in that list, so that what was found out for a folder serves everything in it.
 */
import { Glob } from "#filter/glob.ts";

/** `**`: any number of components, none included. */
const ANY_DEPTH = "**";

/**
 * Positions in a pattern that are alive after some components of a path; ascending. `matched` stays
 * true below a folder that matched.
 */
export interface PatternState {
  readonly positions: readonly number[];
  readonly matched: boolean;
}

const MATCHED: PatternState = { positions: [], matched: true };

export class PathPattern {
  /** Written with `!`: takes back an earlier match. */
  readonly negated: boolean;
  /** Begins with a slash: counts from the root only. */
  readonly rooted: boolean;
  /** The state of the root folder. */
  readonly start: PatternState;
  readonly #parts: readonly (Glob | typeof ANY_DEPTH)[];

  /** @throws BAD_PATTERN when a component is malformed */
  constructor(pattern: string) {
    this.negated = pattern.startsWith("!");
    const text = cleanPattern(this.negated ? pattern.slice(1) : pattern);
    this.rooted = text.startsWith("/");
    const parts = text.split("/").filter((part) => part !== "");
    this.#parts = parts.map((part) => (part === ANY_DEPTH ? ANY_DEPTH : new Glob(part)));
    const positions = this.#close([0]);
    const whole = this.rooted && positions.includes(parts.length);
    this.start = whole ? MATCHED : { positions, matched: false };
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
    const reached: number[] = [];
    for (const position of state.positions) {
      const part = this.#parts[position];
      const next = part === ANY_DEPTH ? position : part?.matches(name) ? position + 1 : -1;
      if (next >= 0 && !reached.includes(next)) reached.push(next);
    }
    const positions = this.#close(reached);
    if (positions.includes(this.#parts.length)) return MATCHED;
    // A pattern without leading slash may begin anywhere.
    if (!this.rooted)
      for (const p of this.start.positions) if (!positions.includes(p)) positions.push(p);
    return { positions, matched: false };
  }

  /** Like `step(state, name).matched`, without allocating: the last component of each file. */
  matchesNext(state: PatternState, name: string): boolean {
    if (state.matched) return true;
    const parts = this.#parts;
    for (const position of state.positions) {
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
