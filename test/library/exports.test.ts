import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { VERSION } from "#engine/program-version.ts";
import * as library from "#index.ts";

test("the library exports exactly this", () => {
  expect(Object.keys(library).toSorted()).toEqual([
    "CofferError",
    "ERROR_CODES",
    "LibraryRepository",
    "initRepository",
    "isCofferError",
    "isCorruption",
    "openRepository",
  ]);
  const methods = Object.getOwnPropertyNames(library.LibraryRepository.prototype).toSorted();
  expect(methods).toEqual([
    "backup",
    "check",
    "constructor",
    "list",
    "readFile",
    "restore",
    "snapshots",
  ]);
});

test("the recorded version is the package's", () => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
});
