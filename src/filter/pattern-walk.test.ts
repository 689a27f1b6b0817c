import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "#base/bytes.ts";
import { anyOf, createExcludeFilter } from "#filter/exclude.ts";
import { PatternWalk, type WalkState } from "#filter/pattern-walk.ts";

const name = fc.constantFrom("a", "b", "A", "ab", "x.tmp", "X.TMP");
const part = fc.constantFrom("a", "b", "*", "**", "a*", "*.tmp", "?", "A");
const pattern = fc
  .tuple(fc.boolean(), fc.boolean(), fc.array(part, { minLength: 1, maxLength: 3 }))
  .map(([negated, rooted, parts]) => `${negated ? "!" : ""}${rooted ? "/" : ""}${parts.join("/")}`);

test("judges as the filter over whole paths does; equal keys give equal answers", () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 3 }),
      fc.array(pattern, { maxLength: 2 }),
      fc.array(name, { minLength: 1, maxLength: 5 }),
      name,
      (patterns, insensitivePatterns, path, other) => {
        const walk = new PatternWalk({ patterns, insensitivePatterns, negation: true });
        const filter = anyOf([
          createExcludeFilter(patterns),
          createExcludeFilter(insensitivePatterns, { insensitive: true }),
        ]);
        const byKey = new Map<string, string>();
        const answers = (state: WalkState): string =>
          ["a", "b", "A", "ab", "x.tmp"].map((each) => walk.matches(state, utf8(each))).join();
        let state = walk.root;
        let text = "";
        for (const each of path) {
          text += `/${each}`;
          const matches = filter.matches(text);
          expect(walk.matches(state, utf8(each)), text).toBe(matches);
          const next = walk.enter(state, utf8(each));
          if (matches || filter.matches(`${text}/${other}`)) {
            expect(walk.mayMatchBelow(next) || matches, text).toBe(true);
          }
          const before = byKey.get(walk.keyOf(next)) ?? answers(next);
          expect(answers(next)).toBe(before);
          byKey.set(walk.keyOf(next), before);
          state = next;
        }
      },
    ),
    { numRuns: 2000 },
  );
});
