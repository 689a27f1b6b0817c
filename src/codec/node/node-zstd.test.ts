import { zstdCompressSync } from "node:zlib";
import { test } from "vitest";
import { createPublicZstd } from "#codec/node/public-zstd.ts";
import { zstdCases } from "#testkit/zstd-suite.ts";

for (const { name, run } of zstdCases(createPublicZstd, "both", zstdCompressSync)) {
  test(`documented functions: ${name}`, run);
}
