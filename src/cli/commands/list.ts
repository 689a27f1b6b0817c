/** `list`: IDs of objects, one a line. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { badOption } from "#cli/usage.ts";
import { listBlobs, listFiles, type ListedType } from "#operations/list.ts";

export interface ListOptions {
  readonly type: string | undefined;
}

const FILES: Readonly<Record<string, ListedType>> = {
  packs: "pack",
  index: "index",
  snapshots: "snapshot",
  keys: "key",
  locks: "lock",
};

export async function run({ type }: ListOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  if (type === undefined) throw badOption("type not specified");
  const file = Object.hasOwn(FILES, type) ? FILES[type] : undefined;
  if (file === undefined && type !== "blobs") {
    throw badOption(
      `invalid type ${JSON.stringify(type)}, must be one of [blobs|${Object.keys(FILES).join("|")}]`,
    );
  }
  // A lock of ours must not show among the locks.
  const lock = file === "lock" ? "none" : "shared";
  await using session = await openSession(context, { lock, loadIndex: false });
  const { repository, signal } = session;
  if (file === undefined) {
    for await (const blob of listBlobs(repository, { signal })) {
      printer.result(`${blob.type} ${blob.id}`);
    }
  } else {
    for await (const id of listFiles(repository, file, { signal })) printer.result(id);
  }
  return 0;
}
