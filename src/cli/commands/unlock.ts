/** `unlock`: removes locks that nobody holds any more. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { unlock } from "#operations/unlock.ts";

export interface UnlockOptions {
  readonly removeAll?: true | undefined;
}

export async function run(options: UnlockOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  await using session = await openSession(context, { lock: "none", loadIndex: false });
  const { removed, kept } = await unlock(session.repository, session.facts, {
    all: options.removeAll === true,
    signal: session.signal,
  });
  if (removed.length > 0) printer.message(`successfully removed ${removed.length} locks`);
  const unreadable = kept.filter((lock) => lock.unreadable);
  for (const { id } of unreadable) {
    printer.error(`lock ${id.slice(0, 8)} cannot be read and was left; --remove-all removes it`);
  }
  if (kept.length > unreadable.length) {
    printer.detail(`${kept.length - unreadable.length} locks are in use and were left`);
  }
  return 0;
}
