import { describe, expect, test } from "vitest";
import { describeCommand, flattenSpec } from "#cli/generate/command-spec.ts";
import { collectGlobals, type AnyCommand } from "#cli/tree/global-options.ts";
import { createProgram } from "#cli/tree/program.ts";
import { normaliseArguments } from "#cli/arguments.ts";
import type { RawGlobals } from "#cli/raw-globals.ts";

/** Parses a command line and returns what would run. */
async function parse(...argv: string[]) {
  let result: { options: Record<string, unknown>; globals: RawGlobals; name: string } | undefined;
  const program = createProgram((command, _load, options) => {
    const globals = collectGlobals(command);
    result = { options: options as Record<string, unknown>, globals, name: command.name() };
    return Promise.resolve();
  });
  const quiet = (command: AnyCommand): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    command.commands.forEach(quiet);
  };
  quiet(program as AnyCommand);
  await program.parseAsync(normaliseArguments(argv), { from: "user" });
  return result!;
}

describe("command lines that scripts for restic hold", () => {
  test("global options before, after and joined", async () => {
    const { globals, options } = await parse("-r", "R", "backup", "-nv", "--json", "dir", "-v");
    expect(globals).toMatchObject({ repo: "R", json: true, verbose: 2 });
    expect(options).toMatchObject({ dryRun: true, paths: ["dir"] });
  });

  test("an option's value may look like an option", async () => {
    const { globals, options } = await parse("backup", "-e", "-v", "--exclude=--json", "d");
    expect(options["exclude"]).toEqual(["-v", "--json"]);
    expect(globals).toMatchObject({ json: false, verbose: 0 });
  });

  test("what stands behind -- belongs to the command", async () => {
    const { options, globals } = await parse(
      "backup",
      "--stdin-from-command",
      "--",
      "pg_dump",
      "--verbose=2",
      "-r",
      "x",
      "--json",
    );
    expect(options["paths"]).toEqual(["pg_dump", "--verbose=2", "-r", "x", "--json"]);
    expect(globals).toMatchObject({ verbose: 0, json: false, repo: undefined });
  });

  test("--verbose=n, --flag=true, -vv", async () => {
    expect((await parse("backup", "--verbose=2", "d")).globals.verbose).toBe(2);
    expect((await parse("-vv", "check")).globals.verbose).toBe(2);
    expect((await parse("check", "--json=true")).globals.json).toBe(true);
    expect((await parse("check", "--json=false")).globals.json).toBe(false);
    expect((await parse("restore", "latest", "--target=true")).options["target"]).toBe("true");
  });

  test("switches that say no", async () => {
    const { globals, options } = await parse("--no-lock", "backup", "--no-scan", "--no-cache", "d");
    expect(globals).toMatchObject({ lock: false, cache: false, extraVerify: true });
    expect(options["scan"]).toBe(false);
  });

  test("repeated and nested ones", async () => {
    const line = ["snapshots", "--tag", "a,b", "--tag", "c", "-H", "x", "-H", "", "id1", "id2"];
    const { options } = await parse(...line);
    expect(options).toMatchObject({ tag: ["a,b", "c"], host: ["x", ""], ids: ["id1", "id2"] });
    const key = await parse("key", "add", "--host", "h", "--json", "-o", "a=1,b=2", "-o", "c=3");
    expect(key.name).toBe("add");
    expect(key.options).toMatchObject({ host: "h" });
    expect(key.globals).toMatchObject({ json: true, option: ["a=1", "b=2", "c=3"] });
  });

  test.each([
    ["prune-like typing errors", ["backup", "--dry-rum", "d"]],
    ["unknown commands", ["backdrop"]],
    ["options without their value", ["restore", "latest", "--target"]],
    ["too many words", ["unlock", "now"]],
  ])("%s are refused", async (_, argv) => {
    await expect(parse(...argv)).rejects.toMatchObject({ exitCode: 1 });
  });
});

/** restic 0.19's flags of the commands that are here (its own sources). */
const RESTIC: Readonly<Record<string, string>> = {
  backup:
    "-n --dry-run -e --exclude --iexclude --exclude-file --iexclude-file --exclude-caches " +
    "--exclude-if-present --exclude-larger-than --exclude-cloud-files --files-from " +
    "--files-from-raw --files-from-verbatim -f --force -g --group-by -H --host --ignore-ctime " +
    "--ignore-inode --no-scan -x --one-file-system --parent --read-concurrency " +
    "--skip-if-unchanged --stdin --stdin-filename --stdin-from-command --tag --time " +
    "--use-fs-snapshot --with-atime",
  restore:
    "-t --target --exclude-xattr --include-xattr -e --exclude --iexclude --exclude-file " +
    "--iexclude-file -i --include --iinclude --include-file --iinclude-file -H --host --tag " +
    "--path --dry-run --sparse --verify --overwrite --delete --ownership-by-name",
  snapshots: "-H --host --tag --path -c --compact --last --latest -g --group-by",
  ls: "-H --host --tag --path -l --long --recursive --human-readable --ncdu -s --sort --reverse",
  check: "-H --host --tag --path --read-data --read-data-subset --check-unused --with-cache",
  stats: "-H --host --tag --path --mode",
  diff: "--metadata",
  find:
    "-H --host --tag --path --blob --tree --pack --show-pack-id -i --ignore-case -l --long " +
    "-N --newest -O --oldest -s --snapshot -R --reverse --human-readable",
  dump: "-H --host --tag --path -a --archive -t --target",
  copy:
    "-H --host --tag --path --from-repo --from-repository-file --from-password-file " +
    "--from-password-command --from-key-hint --from-insecure-no-password",
  rewrite:
    "-n --dry-run --forget --new-host --new-time -s --snapshot-summary -e --exclude --iexclude " +
    "--exclude-file --iexclude-file -i --include --iinclude --include-file --iinclude-file " +
    "-H --host --tag --path",
  init:
    "--copy-chunker-params --repository-version --from-repo --from-repository-file " +
    "--from-password-file --from-password-command --from-key-hint --from-insecure-no-password",
  "key add": "--new-password-file --new-insecure-no-password --user --host",
  "key passwd": "--new-password-file --new-insecure-no-password --user --host",
  unlock: "--remove-all",
  cache: "--cleanup --max-age --no-size",
  generate: "--man --bash-completion --fish-completion --zsh-completion --powershell-completion",
};

const GLOBAL =
  "-r --repo --repository-file -p --password-file --key-hint --password-command -q --quiet -v " +
  "--verbose --no-lock --retry-lock --json --cache-dir --no-cache --cacert --tls-client-cert " +
  "--insecure-no-password --insecure-tls --cleanup-cache --compression --no-extra-verify " +
  "--limit-upload --limit-download --pack-size -o --option --http-user-agent " +
  "--stuck-request-timeout";

describe("restic's flags", () => {
  const program = createProgram(() => Promise.resolve());
  const specs = flattenSpec(describeCommand(program as AnyCommand));
  const flagsOf = (path: string) =>
    specs
      .find((spec) => spec.path.join(" ") === path)!
      .options.flatMap((option) => [option.long, option.short]);

  test.each(Object.entries(RESTIC))("of %s", (path, flags) =>
    expect(flagsOf(path)).toEqual(expect.arrayContaining(flags.split(" "))),
  );

  test("global ones, on every command", () => {
    for (const { path } of specs) {
      expect(flagsOf(path.join(" ")), path.join(" ")).toEqual(
        expect.arrayContaining(GLOBAL.split(" ")),
      );
    }
  });

  test("no flag means two things in one command", () => {
    for (const { path } of specs) {
      const flags = flagsOf(path.join(" ")).filter((flag) => flag !== undefined);
      expect(new Set(flags).size, path.join(" ")).toBe(flags.length);
    }
  });
});
