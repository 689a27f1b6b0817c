/** Forms of options that restic's parser takes and commander's does not. */

/**
 * `help x y` becomes `x y --help`; `--verbose=2` becomes `--verbose --verbose`; `--json=true`
 * becomes `--json`, `--json=false` nothing. What stands behind `--` is left alone.
 */
export function normaliseArguments(argv: readonly string[]): string[] {
  // `help key add` explains `key add`: commander's own takes one word.
  if (argv[0] === "help") return [...argv.slice(1).filter((word) => word !== "--help"), "--help"];
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === "--") return [...out, ...argv.slice(i)];
    const verbose = /^--verbose=(\d)$/.exec(argument);
    const truth = /^(--(?!exclude|include|tag|path)[a-z-]+)=(true|false)$/.exec(argument);
    if (verbose !== null)
      out.push(...Array.from({ length: Number(verbose[1]) }, () => "--verbose"));
    else if (truth !== null && isSwitch(truth[1]!)) {
      if (truth[2] === "true") out.push(truth[1]!);
    } else out.push(argument);
  }
  return out;
}

/** Switches of every command; options that take a value keep `true` as that value. */
const SWITCHES = new Set([
  "--cleanup-cache",
  "--delete",
  "--dry-run",
  "--exclude-caches",
  "--force",
  "--insecure-no-password",
  "--insecure-tls",
  "--json",
  "--no-cache",
  "--no-extra-verify",
  "--no-lock",
  "--no-scan",
  "--one-file-system",
  "--quiet",
  "--read-data",
  "--sparse",
  "--skip-if-unchanged",
  "--verify",
  "--with-atime",
]);

function isSwitch(name: string): boolean {
  return SWITCHES.has(name);
}
