/** `dump`: a file of a snapshot to standard output, or a folder as an archive. */
import { toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { writeToFile } from "#cli/dump/file-target.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { openSession } from "#cli/open-session.ts";
import { parseChoice } from "#cli/parse/sizes.ts";
import { warnBroken } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { idToBytes } from "#format/id.ts";
import type { ArchiveFormat, DumpEvent } from "#operations/dump/dump-types.ts";
import { dumpFolder } from "#operations/dump/dump.ts";
import { loadInPool } from "#operations/dump/tasks.ts";
import { readFileContent } from "#operations/read-file.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import { nodeAtPath, treeOfFolder } from "#repository/snapshot-path.ts";

export interface DumpCliOptions extends FilterOptions {
  readonly snapshot: string | undefined;
  readonly file: string | undefined;
  readonly archive: string;
  readonly target?: string | undefined;
}

const FORMATS: readonly ArchiveFormat[] = ["tar", "zip"];

export async function run(options: DumpCliOptions, context: CliContext): Promise<number> {
  const { io } = context;
  const { snapshot: name, file, target } = options;
  if (name === undefined || file === undefined) {
    throw badOption("no file and no snapshot ID specified");
  }
  const format = parseChoice("--archive", options.archive, FORMATS);
  await using session = await openSession(context, {
    lock: "shared",
    loadIndex: true,
    threads: "dump",
  });
  const { repository, signal } = session;
  const reference = parseSnapshotReference(name);
  const filter = snapshotFilter(options, context);
  const found = await findSnapshot(repository, reference.snapshot, filter, { signal });
  warnBroken(found.broken, context);
  const root = await treeOfFolder(repository, idToBytes(found.snapshot.tree), reference.folder, {
    signal,
  });
  const errors = { count: 0 };
  const pieces = await openStream(
    root,
    file,
    format,
    errors,
    target === undefined,
    context,
    session,
  );
  if (target === undefined) for await (const bytes of pieces) io.stdout.write(bytes);
  else {
    const unique = toHex(repository.primitives.random.fill(new Uint8Array(4)));
    await writeToFile(target, pieces, unique);
  }
  io.signal.throwIfAborted();
  if (errors.count === 0) return 0;
  throw new CofferError("INCOMPLETE", `${errors.count} entries could not be archived`);
}

async function openStream(
  root: Uint8Array,
  file: string,
  format: ArchiveFormat,
  errors: { count: number },
  toTerminal: boolean,
  context: CliContext,
  { repository, pool, signal }: OpenedEngine,
): Promise<AsyncIterable<Uint8Array>> {
  const path = file
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  const node = path === "" ? undefined : await nodeAtPath(repository, root, path, { signal });
  if (node?.type === "file") return readFileContent(repository, root, path, { signal });
  const tree = node ? node.subtree : root;
  if (!tree) {
    throw new CofferError("PATH_NOT_FOUND", `${JSON.stringify(file)} is neither file nor folder`);
  }
  const { io, printer } = context;
  const progress = (event: DumpEvent): void => {
    if (event.kind === "entry") return;
    if (event.kind === "error") errors.count++;
    printer.error(`${terminalText(event.path)}: ${terminalText(event.message)}`);
  };
  if (io.stdout.isTerminal && toTerminal) {
    throw badOption("stdout is the terminal: redirect the archive, or use --target");
  }
  const load = loadInPool(pool);
  return dumpFolder(repository, { format, tree, path, load }, { signal, progress });
}
