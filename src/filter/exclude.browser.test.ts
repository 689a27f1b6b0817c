import { test } from "vitest";
import { excludeCases } from "#testkit/exclude-suite.ts";
import excludes from "../../test/vectors/excludes.json" with { type: "json" };

for (const { name, run } of excludeCases(excludes)) test(name, run);
