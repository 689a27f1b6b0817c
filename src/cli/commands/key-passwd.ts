/** `key passwd`: changes the password in use. */
import { utf8 } from "#base/bytes.ts";
import type { CliContext } from "#cli/context.ts";
import { newKeyOwner, readNewPassword, type NewKeyOptions } from "#cli/new-key.ts";
import { openSession } from "#cli/open-session.ts";
import { changePassword } from "#operations/keys.ts";

export async function run(options: NewKeyOptions, context: CliContext): Promise<number> {
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const password = await readNewPassword(options, context);
  const id = await changePassword(
    session.repository,
    utf8(password.reveal()),
    newKeyOwner(options, context),
    { signal: session.signal },
  );
  context.printer.message(`saved new key as ${id}`);
  return 0;
}
