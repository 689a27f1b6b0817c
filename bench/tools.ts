/** The programs that are compared, and how each does the same work. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export interface Tool {
  readonly name: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
  init(repo: string): string[];
  backup(repo: string, folder: string, round: string): string[];
  /** Restores what `backup` saved last; runs with the target as its working directory. */
  restore(repo: string, target: string, round: string): string[];
  check(repo: string): string[];
}

const PASSWORD = "benchmark";
export const ROOT = join(import.meta.dirname, "..");

function resticLike(
  name: string,
  program: string,
  version: string,
  prefix: string,
  work: string,
): Tool {
  return {
    name,
    version,
    env: {
      [`${prefix}_PASSWORD`]: PASSWORD,
      [`${prefix}_CACHE_DIR`]: join(work, `cache-${name}`),
      [`${prefix}_PROGRESS_FPS`]: "0.1",
    },
    init: (repo) => [program, "-r", repo, "init", "-q"],
    backup: (repo, folder) => [program, "-r", repo, "backup", "-q", folder],
    restore: (repo, target) => [program, "-r", repo, "restore", "-q", "latest", "--target", target],
    check: (repo) => [program, "-r", repo, "check", "--read-data", "-q"],
  };
}

function borg(version: string, work: string): Tool {
  return {
    name: "borg",
    version,
    env: {
      BORG_PASSPHRASE: PASSWORD,
      BORG_BASE_DIR: join(work, "borg"),
      BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
      BORG_RELOCATED_REPO_ACCESS_IS_OK: "yes",
    },
    init: (repo) => ["borg", "init", "--encryption=repokey-blake2", repo],
    backup: (repo, folder, round) => [
      "borg",
      "create",
      "--compression",
      "zstd,3",
      `${repo}::${round}`,
      folder,
    ],
    restore: (repo, _target, round) => ["borg", "extract", `${repo}::${round}`],
    check: (repo) => ["borg", "check", "--verify-data", repo],
  };
}

function versionOf(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .trim()
      .split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Coffer first, then whatever of the others is installed. */
export function findTools(work: string): Tool[] {
  const program = join(ROOT, "bin/coffer");
  const tools = [
    resticLike("coffer", program, versionOf(program, ["version"]) ?? "?", "COFFER", work),
  ];
  const restic = versionOf("restic", ["version"]);
  if (restic) tools.push(resticLike("restic", "restic", restic, "RESTIC", work));
  const borgVersion = versionOf("borg", ["--version"]);
  if (borgVersion) tools.push(borg(borgVersion, work));
  return tools;
}
