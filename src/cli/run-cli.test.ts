/** Whole commands over a repository in memory: exit codes, output, errors. */
import { beforeAll, describe, expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { CofferError } from "#base/errors.ts";
import type { Engine, OpenRequest } from "#cli/engine-port.ts";
import { runCli } from "#cli/run-cli.ts";
import { createFakeIo, type FakeIo, type FakeIoOptions } from "#cli/testing/fake-io.ts";
import { VERSION } from "#engine/program-version.ts";
import packageJson from "../../package.json" with { type: "json" };
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { parseTime } from "#format/time.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import { saveSnapshot } from "#repository/snapshots.ts";
import { createFakeClock } from "#testkit/fake-clock.ts";
import { folderOf } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { makeTestRepository, testPrimitives } from "#testkit/test-repository.ts";

const clock = createFakeClock();
let repository: OpenedRepository;
const requests: OpenRequest[] = [];

beforeAll(async () => {
  const primitives = testPrimitives(
    { crypto: createNodeCrypto, zstd: createNodeZstd() },
    { clock },
  );
  repository = await makeTestRepository(primitives, new MemoryBackend());
  for (const [time, hostname, tags, paths] of [
    ["2026-01-01T10:00:00+01:00", "a", ["x"], ["/home"]],
    ["2026-01-02T10:00:00+01:00", "b", [], ["/srv\u001b[31m", "/etc"]],
  ] as const) {
    await saveSnapshot(repository, {
      time: parseTime(time)!,
      tree: "ab".repeat(32) as never,
      hostname,
      tags,
      paths,
      username: "u",
      uid: 0,
      gid: 0,
      excludes: [],
      programVersion: "test",
      extra: [],
    });
  }
});

const engine: Engine = {
  open(request) {
    requests.push(request);
    if (request.location === "/missing") {
      throw new CofferError("NO_REPOSITORY", "repository does not exist: no config in /missing", {
        data: { location: "/missing" },
      });
    }
    if (request.location === "/locked") throw new CofferError("LOCKED", "locked by process 1");
    if (request.password.reveal() !== "test") {
      throw new CofferError("WRONG_PASSWORD", "no key opens");
    }
    return Promise.resolve({
      repository,
      pool: createInlinePool(repository, {}),
      key: repository,
      facts: { hostname: "h", username: "u", pid: 1, uid: 0, gid: 0, isProcessAlive: () => true },
      checkpoints: undefined,
      openSource: () => new MemorySource(folderOf({})),
      signal: request.signal,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
  init: () => Promise.reject(new CofferError("REPOSITORY_EXISTS", "/repo already holds a config")),
};

async function run(line: string, options: Omit<FakeIoOptions, "clock"> = {}) {
  const env = { COFFER_REPOSITORY: "/repo", COFFER_PASSWORD: "test", ...options.env };
  const io: FakeIo = createFakeIo({ clock, ...options, env });
  const words = line === "" ? [] : line.split(" ");
  const exit = await runCli(words, io, () => Promise.resolve(engine));
  return { exit, out: io.out(), err: io.err() };
}

test("the version is the package's", async () => {
  expect(VERSION).toBe(packageJson.version);
  expect(await run("version")).toMatchObject({ exit: 0, out: expect.stringContaining(VERSION) });
  const { out } = await run("version --json");
  expect(JSON.parse(out)).toMatchObject({ message_type: "version", version: VERSION });
});

describe("snapshots", () => {
  test("as a table, hostile names made harmless", async () => {
    const { out, exit } = await run("snapshots");
    expect(exit).toBe(0);
    expect(out).toContain('"/srv\\x1b[31m"');
    expect(out).not.toContain("\u001b");
    expect(out).toContain("2 snapshots");
  });

  test("filters, environment and JSON", async () => {
    const hosts = async (line: string, env = {}) =>
      (JSON.parse((await run(line, { env })).out) as { hostname: string }[]).map((s) => s.hostname);
    expect(await hosts("snapshots --json")).toEqual(["a", "b"]);
    expect(await hosts("snapshots --json", { RESTIC_HOST: "b" })).toEqual(["b"]);
    expect(await hosts("snapshots --json --host=", { RESTIC_HOST: "b" })).toEqual(["a", "b"]);
    expect(await hosts("snapshots --json --tag x")).toEqual(["a"]);
    expect(await hosts("snapshots --json --tag=")).toEqual(["b"]);
    expect(await hosts("snapshots --json --path /etc")).toEqual(["b"]);
    expect(await hosts("snapshots --json latest")).toEqual(["b"]);
  });

  test("groups", async () => {
    const { out } = await run("snapshots --group-by host");
    expect(out).toContain("snapshots for (host [a]):\n");
    const json = JSON.parse((await run("snapshots --json -g host")).out) as object[];
    expect(json[0]).toMatchObject({ group_key: { hostname: "a", paths: null, tags: null } });
  });
});

describe("locks", () => {
  test("are asked for as the command needs them", async () => {
    const lockOf = async (line: string) => {
      await run(line);
      return requests.at(-1)!.lock;
    };
    expect(await lockOf("snapshots")).toBe("shared");
    expect(await lockOf("snapshots --no-lock")).toBe("none");
    expect(await lockOf("list locks")).toBe("none");
    expect(await lockOf("unlock")).toBe("none");
  });
});

describe("errors", () => {
  test.each([
    ["-r /missing snapshots", 10, "repository does not exist"],
    ["-r /locked snapshots", 11, "repository is already locked"],
    ["init", 1, "already holds a config"],
    ["snapshots nosuchid", 1, "nosuchid"],
    ["snapshots --nosuchflag", 1, "unknown flag: --nosuchflag"],
    ["nosuchcommand", 1, 'unknown command "nosuchcommand" for "coffer"'],
    ["ls", 1, "no snapshot ID specified"],
    ["ls latest relative", 1, "must be absolute"],
    ["cat", 1, "type not specified"],
    ["cat blob", 1, "ID not specified"],
    ["list nothing", 1, "invalid type"],
    ["restore latest", 1, "--target"],
    ["restore latest -t / --delete", 1, "must be combined"],
    ["restore latest -t /x -i a -e b", 1, "mutually exclusive"],
    ["check --read-data-subset 9/3", 1, "--read-data-subset"],
    ["backup", 1, "nothing to backup"],
    ["backup /none", 1, "all source directories/files do not exist"],
    ["backup --stdin x", 1, "--stdin was specified"],
    ["backup x --time now", 1, "time option"],
    ["generate", 1, "nothing to do"],
    ["snapshots -q -v", 1, "cannot be specified at the same time"],
  ])("%s ends with %d", async (line, exit, text) => {
    const human = await run(line);
    expect(human).toMatchObject({ exit, err: expect.stringContaining(text) });
    const json = await run(`${line} --json`);
    const last = json.err.trimEnd().split("\n").at(-1)!;
    expect(JSON.parse(last)).toMatchObject({ message_type: "exit_error", code: exit });
    expect(json.exit).toBe(exit);
  });

  test("a wrong password is 12, in restic's words", async () => {
    const env = { COFFER_PASSWORD: "bad" };
    const { exit, err } = await run("snapshots --json", { env });
    expect(exit).toBe(12);
    expect(err).toBe(
      '{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}\n',
    );
  });

  test("an interrupt is 130, whatever else failed meanwhile", async () => {
    const io = createFakeIo({
      clock,
      env: { COFFER_REPOSITORY: "/repo", COFFER_PASSWORD: "test" },
    });
    io.interrupt();
    expect(await runCli(["snapshots"], io, () => Promise.reject(new Error("x")))).toBe(130);
  });

  test("defects are reported as such", async () => {
    const io = createFakeIo({ clock, env: { COFFER_REPOSITORY: "/r", COFFER_PASSWORD: "p" } });
    expect(await runCli(["snapshots"], io, () => Promise.reject(new Error("boom")))).toBe(1);
    expect(io.err()).toContain("boom");
    expect(io.err()).toContain("defect in Coffer");
  });
});

test("cat and list", async () => {
  const config = await run("cat config");
  expect(JSON.parse(config.out)).toMatchObject({ version: 2, id: repository.config.id });
  const ids = (await run("list snapshots")).out.trim().split("\n");
  expect(ids).toHaveLength(2);
  expect(JSON.parse((await run(`cat snapshot ${ids[0]}`)).out)).toHaveProperty("tree");
  expect((await run("list keys")).out.trim()).toBe(repository.keyId);
  const keys = JSON.parse((await run("key list --json")).out) as object[];
  expect(keys).toEqual([expect.objectContaining({ current: true, id: repository.keyId })]);
});

test("help says what a tired person needs", async () => {
  for (const line of ["", "help", "--help"]) {
    const { out, exit, err } = await run(line);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    expect(out.indexOf("Back up and restore:")).toBeLessThan(out.indexOf("Global options:"));
  }
  expect((await run("help key add")).out).toContain("--new-password-file");
  expect((await run("backup --help")).out).toContain("Examples:");
});

test("completions and man pages name every command", async () => {
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    const { out, exit } = await run(`generate --${shell}-completion -`);
    expect(exit).toBe(0);
    for (const word of ["backup", "restore", "passwd", "one-file-system", "if-changed"]) {
      expect(out, shell).toContain(word);
    }
  }
  expect((await run("generate --bash-completion - --zsh-completion -")).exit).toBe(1);
});

test("secrets stay in their type", () => {
  expect(JSON.stringify(requests.map((request) => request.password))).not.toContain("test");
});
