/** The pattern lists of excludes.json, walked as a backup walks. */
import { isCofferError } from "#base/errors.ts";
import { createExcludeFilter } from "#filter/exclude.ts";
import { expectSame, thrownBy, type SuiteCase } from "#testkit/suite-case.ts";

/** The parts of test/vectors/excludes.json that are used. */
export interface ExcludeVectors {
  readonly root: string;
  readonly files: readonly string[];
  readonly cases: readonly {
    readonly flag: string;
    readonly patterns: readonly string[];
    readonly excluded?: readonly string[] | undefined;
  }[];
}

export function excludeCases({ root, files, cases }: ExcludeVectors): SuiteCase[] {
  return cases.map(({ flag, patterns, excluded }) => ({
    name: `${flag} ${patterns.join(" ")} leaves out what restic leaves out`,
    run: () => {
      const insensitive = flag === "--iexclude";
      if (excluded === undefined) {
        const error = thrownBy("pattern", () => createExcludeFilter(patterns, { insensitive }));
        expectSame("code", isCofferError(error) && error.code, "BAD_PATTERN");
        return;
      }
      const filter = createExcludeFilter(patterns, { insensitive });
      // The source itself is never asked about; each folder below it is, before it is entered.
      const left = files.filter((file) => {
        const parts = file.split("/");
        return parts.some((_, i) => filter.matches(`${root}/${parts.slice(0, i + 1).join("/")}`));
      });
      expectSame("left out", left.toSorted(), excluded.toSorted());
    },
  }));
}
