import { test } from "vitest";
import { createWasmChunker } from "#kernels/wasm-chunker.ts";
import { chunkerCases } from "#testkit/chunker-suite.ts";
import vectors from "../../test/vectors/chunker.json" with { type: "json" };

for (const { name, run } of chunkerCases(createWasmChunker, vectors)) test(name, run);
