/** The committed binaries are what the sources give. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("blob-index.wasm.ts is up to date", () => {
  const tool = join(import.meta.dirname, "../../tools/build-blob-index.ts");
  const output = execFileSync(process.execPath, [tool, "--check"], { encoding: "utf8" });
  expect(output).toMatch(/^TABLE_SHARED: \d+ bytes\nTABLE_PLAIN: \d+ bytes\nSCAN: \d+ bytes\n$/);
});
