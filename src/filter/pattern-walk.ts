/**
 * Patterns carried along a walk over trees: the state of a folder serves all that lies in it, and
 * two folders with equal states and equal trees give equal answers, whatever their paths. That lets
 * walks over many snapshots remember trees instead of paths.
 */
import { foldCase, pathToText } from "#filter/path-text.ts";
import { PathPattern, type PatternState } from "#filter/path-pattern.ts";

/** What the patterns know of a folder. Ask {@link PatternWalk} about it. */
export type WalkState = readonly PatternState[];

export interface PatternWalkOptions {
  readonly patterns: readonly string[];
  /** Matched against lower-case names. */
  readonly insensitivePatterns?: readonly string[];
  /**
   * True: `!` takes an earlier match back, as in excludes. False: a match of any pattern counts and
   * `!` is ignored, as in restic's find.
   */
  readonly negation: boolean;
}

export class PatternWalk {
  /** The state of the root folder. */
  readonly root: WalkState;
  readonly #patterns: readonly PathPattern[];
  readonly #insensitive: readonly boolean[];
  readonly #negation: boolean;

  /** Empty patterns are left out. @throws BAD_PATTERN */
  constructor({ patterns, insensitivePatterns = [], negation }: PatternWalkOptions) {
    const plain = patterns.filter((text) => text !== "").map((text) => new PathPattern(text));
    const folded = insensitivePatterns
      .filter((text) => text !== "")
      .map((text) => new PathPattern(foldCase(text)));
    this.#patterns = [...plain, ...folded];
    this.#insensitive = this.#patterns.map((_, i) => i >= plain.length);
    this.#negation = negation;
    this.root = this.#patterns.map((pattern) => pattern.start);
  }

  /** Whether an entry of the folder matches. @param name raw */
  matches(folder: WalkState, name: Uint8Array): boolean {
    const text = pathToText(name);
    const low = this.#fold(text);
    if (!this.#negation) {
      return this.#patterns.some((pattern, i) =>
        pattern.matchesNext(folder[i]!, this.#insensitive[i] ? low : text),
      );
    }
    // The two lists judge by themselves: a `!` of one takes back its own matches only.
    return this.#judge(folder, text, false) || this.#judge(folder, low, true);
  }

  #judge(folder: WalkState, name: string, insensitive: boolean): boolean {
    let matched = false;
    for (const [i, pattern] of this.#patterns.entries()) {
      if (this.#insensitive[i] !== insensitive || pattern.negated !== matched) continue;
      if (pattern.matchesNext(folder[i]!, name)) matched = !pattern.negated;
    }
    return matched;
  }

  /** The state of a folder in the folder. @param name raw */
  enter(folder: WalkState, name: Uint8Array): WalkState {
    const text = pathToText(name);
    const low = this.#fold(text);
    return this.#patterns.map((pattern, i) =>
      pattern.step(folder[i]!, this.#insensitive[i] ? low : text),
    );
  }

  /** False only when nothing in the folder or deeper can match. */
  mayMatchBelow(folder: WalkState): boolean {
    let may = false;
    for (const [i, { negated }] of this.#patterns.entries()) {
      const { matched, positions } = folder[i]!;
      if (!(negated && this.#negation)) may ||= matched || positions.length > 0;
    }
    return may;
  }

  /** Equal for states that give equal answers. */
  keyOf(folder: WalkState): string {
    return folder
      .map(({ matched, reached, positions, names }) =>
        matched ? "m" : `${positions.join(",")}${reached ? "r" : ""}${JSON.stringify(names)}`,
      )
      .join(";");
  }

  #fold(text: string): string {
    return this.#insensitive.includes(true) ? foldCase(text) : text;
  }
}
