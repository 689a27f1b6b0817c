/** The streams below 8 MiB; test/chunker runs all of them. */
import { test } from "vitest";
import { createReferenceChunker } from "#chunker/reference-chunker.ts";
import { chunkerCases } from "#testkit/chunker-suite.ts";
import vectors from "../../test/vectors/chunker.json" with { type: "json" };

const short = Object.entries(vectors.streams).filter(([, { size }]) => size < 8 * 1024 * 1024);
const some = { ...vectors, streams: Object.fromEntries(short) };

for (const { name, run } of chunkerCases(createReferenceChunker, some)) test(name, run);
