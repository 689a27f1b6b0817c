/** `migrate`: lists or carries out migrations. */
import { CofferError } from "#base/errors.ts";
import { CheckReport } from "#cli/check/check-report.ts";
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { openSession } from "#cli/open-session.ts";
import { badOption } from "#cli/usage.ts";
import { check } from "#operations/check/check.ts";
import { availableMigrations, MIGRATIONS, upgradeToVersion2 } from "#operations/migrate.ts";

export interface MigrateCliOptions {
  readonly names: readonly string[];
  readonly force?: true | undefined;
}

export async function run(options: MigrateCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  for (const name of options.names) {
    if (!MIGRATIONS.some((each) => each === name)) {
      throw badOption(`unknown migration ${JSON.stringify(name)}`);
    }
  }
  await using session = await openSession(context, {
    lock: "exclusive",
    loadIndex: false,
    threads: options.names.length > 0 && "check",
  });
  const available = availableMigrations(session.repository);
  if (options.names.length === 0) {
    if (printer.json) printer.jsonLine({ message_type: "summary", available });
    printer.message("available migrations:");
    for (const name of available) printer.message(`  ${name}\tupgrade a repository to version 2`);
    if (available.length === 0) printer.message("no migrations found");
    return 0;
  }
  if (available.length === 0) {
    throw badOption("migration upgrade_repo_v2 cannot be applied: repository has version 2");
  }
  await checkFirst(session, context);
  const { id } = session.repository.config;
  const copy = `config-${id.slice(0, 8)}.old`;
  await upgradeToVersion2(session.repository, {
    signal: session.signal,
    saveCopy: async (bytes) => {
      await context.io.files.write(copy, bytes);
      printer.message(`saved the old config as ${copy} in the working directory`);
    },
  });
  printer.message("migration upgrade_repo_v2: success");
  return 0;
}

/** A damaged repository is repaired first, not changed. */
async function checkFirst(session: OpenedEngine, context: CliContext): Promise<void> {
  const { repository, pool, signal } = session;
  context.printer.message("checking repository integrity...");
  const report = new CheckReport(context);
  try {
    const listening = { signal, progress: report.event.bind(report) };
    const { errorCount } = await check(repository, pool, {}, listening);
    if (errorCount === 0) return;
  } finally {
    report.stop();
  }
  throw new CofferError("CHECK_FAILED", "repository contains errors; it was not migrated");
}
