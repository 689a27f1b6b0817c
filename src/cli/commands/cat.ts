/** `cat`: one raw object. */
import { fromUtf8 } from "#base/bytes.ts";
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { indentJson } from "#cli/text/indent-json.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { CAT_TYPES_WITH_ID, catObject, type CatType } from "#operations/cat.ts";

export interface CatOptions {
  readonly type: string | undefined;
  readonly id: string | undefined;
}

const TYPES: readonly CatType[] = [
  "config",
  "index",
  "snapshot",
  "key",
  "masterkey",
  "lock",
  "pack",
  "blob",
  "tree",
];

export async function run(options: CatOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const type = parseType(options.type);
  if (CAT_TYPES_WITH_ID.includes(type) && options.id === undefined) {
    throw badOption("ID not specified");
  }
  await using session = await openSession(context, {
    lock: "shared",
    loadIndex: type === "blob" || type === "tree",
  });
  const { signal } = session;
  const { bytes, json, damage } = await catObject(session.repository, type, options.id, { signal });
  if (damage !== undefined) printer.error(`warning: ${terminalText(damage.message)}`);
  printer.raw(json ? `${indentJson(fromUtf8(bytes))}\n` : bytes);
  if (type === "tree" && bytes.at(-1) !== 0x0a) printer.raw("\n");
  return damage === undefined ? 0 : 1;
}

function parseType(text: string | undefined): CatType {
  if (text === undefined) throw badOption("type not specified");
  const type = TYPES.find((each) => each === text);
  if (type !== undefined) return type;
  throw badOption(`invalid type ${JSON.stringify(text)}, must be one of [${TYPES.join("|")}]`);
}
