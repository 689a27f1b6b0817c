import { execFileSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import { AttributeReader } from "#platform/node/attribute-reader.ts";
import { posixCalls, type PosixCalls } from "#platform/node/posix-calls.ts";

const { ENOTSUP, EPERM, EACCES, ENOENT, ENODATA, ERANGE } = constants.errno;
const PATH = utf8("/made/up");

/** Calls that answer from a table; a number is a negative errno. */
function callsWith(list: string | number, values: Record<string, string | number>): PosixCalls {
  const answer = (value: string | number, into: Uint8Array): number => {
    if (typeof value === "number") return value;
    const bytes = utf8(value);
    if (bytes.length > into.length) return -ERANGE;
    into.set(bytes);
    return bytes.length;
  };
  return {
    ...posixCalls()!,
    llistxattr: (_, into) => answer(list, into),
    lgetxattr: (_, name, into) => answer(values[fromUtf8(name)] ?? -ENODATA, into),
  };
}

function read(calls: PosixCalls): { found: string[]; problems: string[] } {
  const problems: string[] = [];
  const found = new AttributeReader(calls).read(PATH, (name, error) => {
    problems.push(`${name === undefined ? "list" : fromUtf8(name)}: ${error.message}`);
  });
  return { found: found.map((x) => `${fromUtf8(x.name)}=${x.value.length}`), problems };
}

test("what is not supported or not allowed to be listed counts as none", () => {
  for (const errno of [ENOTSUP, EPERM]) {
    expect(read(callsWith(-errno, {}))).toEqual({ found: [], problems: [] });
  }
});

test("a list that cannot be read is reported, a vanished entry throws", () => {
  const { found, problems } = read(callsWith(-EACCES, {}));
  expect(found).toEqual([]);
  expect(problems).toEqual(["list: EACCES: permission denied, listxattr '/made/up'"]);
  expect(() => read(callsWith(-ENOENT, {}))).toThrow(/^ENOENT/);
});

test("one unreadable attribute is reported, a vanished one is not, the rest is read", () => {
  const values = { "user.a": "one", "trusted.b": -EPERM, "user.d": "" };
  const names = "user.a\0trusted.b\0user.gone\0user.d\0";
  expect(read(callsWith(names, values))).toEqual({
    found: ["user.a=3", "user.d=0"],
    problems: ["trusted.b: EPERM: operation not permitted, getxattr '/made/up'"],
  });
});

test("lists and values larger than the first buffers are read whole", () => {
  const names = Array.from({ length: 9000 }, (_, i) => `user.name-${i}`);
  const values = Object.fromEntries(names.map((name) => [name, "v"]));
  values["user.name-7"] = "x".repeat(300_000);
  const { found, problems } = read(callsWith(`${names.join("\0")}\0`, values));
  expect(found).toHaveLength(9000);
  expect(found[7]).toBe("user.name-7=300000");
  expect(problems).toEqual([]);
});

test("without native code the reason is one sentence", () => {
  const script = `
    const m = await import(${JSON.stringify(join(import.meta.dirname, "posix-calls.ts"))});
    process.stdout.write(String(m.posixCalls()) + " " + m.posixCallsProblem());`;
  const options = ["--no-addons", "--input-type=module", "-e", script];
  const said = execFileSync(process.execPath, options, { encoding: "utf8" });
  expect(said).toMatch(/^undefined Extended attributes, .* are not handled: koffi did not load: /);
});
