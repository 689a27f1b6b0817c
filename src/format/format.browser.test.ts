import { test } from "vitest";
import { formatCases } from "#testkit/format-suite.ts";
import keys from "../../test/vectors/keys.json" with { type: "json" };
import names from "../../test/vectors/names.json" with { type: "json" };
import pack from "../../test/vectors/pack.json" with { type: "json" };
import repo1 from "../../test/vectors/tiny-repo-v1.json" with { type: "json" };
import repo2 from "../../test/vectors/tiny-repo-v2.json" with { type: "json" };

for (const { name, run } of formatCases({ names, pack, keys, repos: { 1: repo1, 2: repo2 } })) {
  test(name, run);
}
