import { test } from "vitest";
import { fromHex, toHex } from "#base/bytes.ts";
import { createFzstd } from "#codec/fzstd.ts";
import { expectSame } from "#testkit/suite-case.ts";

test("fzstd reads a frame in the browser", () => {
  const piped = "28b52ffd045861000068656c6c6f20776f726c640a8c6d7d20";
  const text = "68656c6c6f20776f726c640a";
  expectSame("text", toHex(createFzstd().decompress(fromHex(piped)!, 12)), text);
});
