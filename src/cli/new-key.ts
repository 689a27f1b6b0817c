/** What `key add` and `key passwd` share: the new password and the new key's owner. */
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { askNewPassword, readPasswordFile } from "#cli/password.ts";
import { badOption } from "#cli/usage.ts";
import { Secret } from "#base/secret.ts";
import type { KeyOwner } from "#repository/keys.ts";

export interface NewKeyOptions {
  readonly newPasswordFile?: string | undefined;
  readonly newInsecureNoPassword?: true | undefined;
  readonly user?: string | undefined;
  readonly host?: string | undefined;
}

const PROMPTS = ["enter new password: ", "enter password again: "] as const;

/** Never the current password's sources: those name the old one. @throws NO_PASSWORD, BAD_OPTION */
export async function readNewPassword(options: NewKeyOptions, { io }: CliContext): Promise<Secret> {
  if (options.newInsecureNoPassword === true) {
    if (options.newPasswordFile !== undefined) {
      throw badOption("only either --new-password-file or --new-insecure-no-password may be given");
    }
    return new Secret("");
  }
  if (options.newPasswordFile === undefined) return askNewPassword(io, PROMPTS);
  const password = await readPasswordFile(options.newPasswordFile, io);
  if (!password.isEmpty) return password;
  throw new CofferError(
    "NO_PASSWORD",
    "an empty password is not allowed by default. Pass the flag `--new-insecure-no-password` to " +
      "coffer to disable this check",
  );
}

/** Who the key is for: the options, else this user on this machine. */
export function newKeyOwner(options: NewKeyOptions, { io }: CliContext): KeyOwner {
  return {
    username: options.user ?? io.host.username,
    hostname: options.host ?? io.host.hostname,
  };
}
