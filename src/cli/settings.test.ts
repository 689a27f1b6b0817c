import { describe, expect, test } from "vitest";
import type { RawGlobals } from "#cli/raw-globals.ts";
import { resolveSettings } from "#cli/settings.ts";

const NONE: RawGlobals = {
  insecurePassword: false,
  lock: true,
  cache: true,
  cleanupCache: false,
  extraVerify: true,
  cacert: [],
  insecureTls: false,
  option: [],
  json: false,
  quiet: false,
  verbose: 0,
};
const refused = expect.objectContaining({ code: "BAD_OPTION" });

describe("where a setting comes from", () => {
  test("flag, COFFER_, RESTIC_, default", () => {
    const env = { COFFER_REPOSITORY: "c", RESTIC_REPOSITORY: "r" };
    expect(resolveSettings({ ...NONE, repo: "f" }, env).repo).toBe("f");
    expect(resolveSettings(NONE, env).repo).toBe("c");
    expect(resolveSettings(NONE, { RESTIC_REPOSITORY: "r" }).repo).toBe("r");
    expect(resolveSettings(NONE, { COFFER_REPOSITORY: "", RESTIC_REPOSITORY: "r" }).repo).toBe("r");
    expect(resolveSettings(NONE, {}).repo).toBeUndefined();
  });

  test("a flag for one source silences the variables of the other", () => {
    const env = { RESTIC_REPOSITORY: "r", RESTIC_PASSWORD_COMMAND: "c" };
    const settings = resolveSettings({ ...NONE, repositoryFile: "f", passwordFile: "p" }, env);
    expect(settings.repo).toBeUndefined();
    expect(settings.passwordCommand).toBeUndefined();
  });

  test("checked values", () => {
    const env = { RESTIC_PACK_SIZE: "32", COFFER_COMPRESSION: "max", RESTIC_PROGRESS_FPS: "0.5" };
    const settings = resolveSettings(NONE, env);
    expect(settings.packSizeBytes).toBe(32 * 1024 * 1024);
    expect(settings.compression).toBe("max");
    expect(settings.progressFps).toBe(0.5);
    expect(resolveSettings({ ...NONE, compression: "off" }, env).compression).toBe("off");
  });

  test.each([
    { RESTIC_PACK_SIZE: "abc" },
    { RESTIC_PACK_SIZE: "1" },
    { COFFER_PACK_SIZE: "999" },
    { RESTIC_COMPRESSION: "best" },
    { RESTIC_PROGRESS_FPS: "fast" },
    { RESTIC_PROGRESS_FPS: "0" },
  ])("%o is an error that names the variable", (env) => {
    expect(() => resolveSettings(NONE, env)).toThrow(refused);
    expect(() => resolveSettings(NONE, env)).toThrow(Object.keys(env)[0]!);
  });
});

test("verbosity", () => {
  const of = (raw: Partial<RawGlobals>) => resolveSettings({ ...NONE, ...raw }, {}).verbosity;
  expect([of({}), of({ quiet: true }), of({ verbose: 1 }), of({ verbose: 3 })]).toEqual([
    1, 0, 2, 3,
  ]);
  expect(() => of({ quiet: true, verbose: 1 })).toThrow(refused);
});

test("extended options", () => {
  const of = (...option: string[]) => resolveSettings({ ...NONE, option }, {}).extended;
  expect([...of("S3.Region=eu", "a = b=c", "flag")]).toEqual([
    ["s3.region", "eu"],
    ["a", "b=c"],
    ["flag", ""],
  ]);
  expect(() => of("=x")).toThrow(refused);
  expect(() => of("a=1", "a=2")).toThrow(refused);
});
