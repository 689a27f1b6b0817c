/**
 * The plain chunker over the long streams of the vectors: half a minute, so not in the fast loop.
 */
import { test } from "vitest";
import { createReferenceChunker } from "#chunker/reference-chunker.ts";
import { chunkerCases } from "#testkit/chunker-suite.ts";
import vectors from "../vectors/chunker.json" with { type: "json" };

for (const { name, run } of chunkerCases(createReferenceChunker, vectors)) test(name, run);
