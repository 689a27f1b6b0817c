/** `key remove`. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { badOption } from "#cli/usage.ts";
import { removeKey } from "#operations/keys.ts";

export interface KeyRemoveOptions {
  readonly id: string | undefined;
}

export async function run({ id }: KeyRemoveOptions, context: CliContext): Promise<number> {
  if (id === undefined) throw badOption("key remove expects one argument as the key id");
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const removed = await removeKey(session.repository, id, { signal: session.signal });
  context.printer.message(`removed key ${removed}`);
  return 0;
}
