import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { createPublicZstd } from "#codec/node/public-zstd.ts";
import { tryReusedZstd } from "#codec/node/reused-zstd.ts";
import { zstdCases } from "#testkit/zstd-suite.ts";

for (const { name, run } of zstdCases(createPublicZstd, "both", zstdCompressSync)) {
  test(`documented functions: ${name}`, run);
}
for (const { name, run } of zstdCases(() => tryReusedZstd()!, "both", zstdCompressSync)) {
  test(`kept contexts: ${name}`, run);
}

test("this Node's handle passes the self-test", () => {
  expect(tryReusedZstd()).toBeDefined();
});
