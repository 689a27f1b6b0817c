import { createZstdCompress, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createPublicZstd } from "#codec/node/public-zstd.ts";
import { tryReusedZstd } from "#codec/node/reused-zstd.ts";
import type { Zstd } from "#codec/zstd.ts";
import { mixedBytes, zstdCases } from "#testkit/zstd-suite.ts";

for (const { name, run } of zstdCases(createPublicZstd, "both", zstdCompressSync)) {
  test(`documented functions: ${name}`, run);
}
for (const { name, run } of zstdCases(() => tryReusedZstd()!, "both", zstdCompressSync)) {
  test(`kept contexts: ${name}`, run);
}

test("this Node's handle passes the self-test", () => {
  expect(tryReusedZstd()).toBeDefined();
});

/** Replaces Node's private call while the action runs, as a later Node might. */
function withWriteSync(writeSync: unknown, action: () => void): void {
  const stream = createZstdCompress() as unknown as { _handle: object };
  const inside = Object.getPrototypeOf(stream._handle) as { writeSync: unknown };
  const before = Object.getOwnPropertyDescriptor(inside, "writeSync");
  Object.defineProperty(inside, "writeSync", { value: writeSync, configurable: true });
  try {
    action();
  } finally {
    if (before === undefined) delete inside.writeSync;
    else Object.defineProperty(inside, "writeSync", before);
  }
}

const throwing = (): void => {
  throw new Error("changed");
};

test.each([
  ["is gone", undefined],
  ["does nothing", () => {}],
  ["throws", throwing],
])("falls back when the private call %s", (_how, writeSync) => {
  // Node's own functions use the same call, so only the choice happens while it is replaced.
  let zstd: Zstd | undefined;
  withWriteSync(writeSync, () => {
    expect(tryReusedZstd()).toBeUndefined();
    zstd = createNodeZstd();
  });
  const bytes = mixedBytes(5000);
  expect(zstd!.decompress(zstd!.compress(bytes, 2), 5000)).toEqual(bytes);
  expect(tryReusedZstd()).toBeDefined();
});
