import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandGlob } from "#cli/backup/expand-glob.ts";
import { argumentToPath, textToPath } from "#cli/backup/raw-text.ts";
import { collectSources } from "#cli/backup/source-list.ts";
import { createPrinter } from "#cli/printer.ts";
import { collectPatterns } from "#cli/pattern-options.ts";
import { createFakeIo } from "#cli/testing/fake-io.ts";
import type { CliContext } from "#cli/context.ts";
import { pathToText } from "#filter/path-text.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";

const text = (paths: readonly Uint8Array[]) => paths.map((path) => new TextDecoder().decode(path));

function context(files: Record<string, string | Uint8Array>, input = "") {
  const io = createFakeIo({ clock: createFakeClock(), files, input, env: { DIR: "cache" } });
  const printer = createPrinter(io, { json: false, verbosity: 1 });
  return { io, context: { io, printer } as unknown as CliContext };
}

test("raw paths survive as text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (raw) => {
      expect(textToPath(pathToText(raw))).toEqual(raw);
    }),
  );
});

test("an argument that is not UTF-8 is found among the raw ones", () => {
  const raw = Uint8Array.of(0x61, 0xff, 0x62);
  const { io } = context({});
  const withRaw = { ...io, rawArguments: () => [Uint8Array.of(0x78), raw] };
  expect(argumentToPath("a\uFFFDb", withRaw)).toEqual(raw);
  expect(argumentToPath("plain", withRaw)).toEqual(new TextEncoder().encode("plain"));
});

describe("patterns of --files-from", () => {
  const { io } = context({
    "/d/a.txt": "",
    "/d/b.txt": "",
    "/d/.c.txt": "",
    "/e/x/y": "",
    rel: "",
  });
  test.each([
    ["/d/*.txt", ["/d/.c.txt", "/d/a.txt", "/d/b.txt"]],
    ["/d/[ab].txt", ["/d/a.txt", "/d/b.txt"]],
    ["/*/x/y", ["/e/x/y"]],
    ["/d/a.txt", ["/d/a.txt"]],
    ["r?l", ["rel"]],
    ["/d/none*", []],
    ["/none", []],
  ])("%s", async (pattern, paths) => {
    expect(text(await expandGlob(pattern, io.files))).toEqual(paths);
  });
});

describe("sources", () => {
  test("from lists of three kinds and from arguments", async () => {
    const { io, context: given } = context({
      list: "# comment\n\n  /s/*.c  \n/s/none*\n",
      verbatim: "/s/b c\n\n/gone\n",
      raw: "/s/a.c\0/s/\n\0",
      "/s/a.c": "",
      "/s/b c": "",
      "/s/\n": "",
    });
    const found = await collectSources(
      {
        paths: ["/s"],
        filesFrom: ["list"],
        filesFromVerbatim: ["verbatim"],
        filesFromRaw: ["raw"],
      },
      given,
    );
    expect(text(found.paths)).toEqual(["/s/a.c", "/s/b c", "/s/a.c", "/s/\n", "/s"]);
    expect(found.missing).toBe(1);
    expect(io.err()).toBe(
      'pattern "/s/none*" does not match any files, skipping\n/gone does not exist, skipping\n',
    );
  });

  test.each([
    ["no zero byte at the end", "/s/a", "trailing zero byte"],
    ["an empty name", "/s/a\0\0", "empty filename"],
  ])("a raw list with %s is refused", async (_, raw, message) => {
    const { context: given } = context({ raw, "/s/a": "" });
    await expect(collectSources({ paths: [], filesFromRaw: ["raw"] }, given)).rejects.toMatchObject(
      {
        code: "BAD_OPTION",
        message: expect.stringContaining(message),
      },
    );
  });

  test("none at all, or none that exists", async () => {
    const { context: given } = context({});
    await expect(collectSources({ paths: [] }, given)).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
    await expect(collectSources({ paths: ["/none"] }, given)).rejects.toMatchObject({
      code: "SOURCE_MISSING",
    });
  });
});

test("exclude patterns from options and files, checked beforehand", async () => {
  const { io } = context({ file: "# c\n *.tmp \n$DIR/x\n", bad: "[a\n" });
  expect(await collectPatterns("exclude", ["a"], ["file"], io)).toEqual(["a", "*.tmp", "cache/x"]);
  await expect(collectPatterns("exclude", ["[a"], [], io)).rejects.toMatchObject({
    code: "BAD_PATTERN",
    message: expect.stringContaining("--exclude"),
  });
  await expect(collectPatterns("exclude", [], ["bad"], io)).rejects.toMatchObject({
    code: "BAD_PATTERN",
    message: expect.stringContaining("--exclude-file"),
  });
});
