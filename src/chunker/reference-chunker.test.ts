import { test } from "vitest";
import { createReferenceChunker } from "#chunker/reference-chunker.ts";
import { chunkerCases } from "#testkit/chunker-suite.ts";
import vectors from "../../test/vectors/chunker.json" with { type: "json" };

for (const { name, run } of chunkerCases(createReferenceChunker, vectors)) test(name, run);
