/** `key add`: one more password. */
import { utf8 } from "#base/bytes.ts";
import type { CliContext } from "#cli/context.ts";
import { newKeyOwner, readNewPassword, type NewKeyOptions } from "#cli/new-key.ts";
import { openSession } from "#cli/open-session.ts";
import { addKey } from "#operations/keys.ts";

export async function run(options: NewKeyOptions, context: CliContext): Promise<number> {
  await using session = await openSession(context, { lock: "shared", loadIndex: false });
  const password = await readNewPassword(options, context);
  const id = await addKey(
    session.repository,
    utf8(password.reveal()),
    newKeyOwner(options, context),
    { signal: session.signal },
  );
  context.printer.message(`saved new key with ID ${id}`);
  return 0;
}
