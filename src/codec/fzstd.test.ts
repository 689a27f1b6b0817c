import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { createFzstd } from "#codec/fzstd.ts";
import { zstdCases } from "#testkit/zstd-suite.ts";

for (const { name, run } of zstdCases(createFzstd, "decompress", zstdCompressSync)) test(name, run);

test("it does not compress", () => {
  expect(() => createFzstd().compress(new Uint8Array(1), 3)).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED" }),
  );
});
