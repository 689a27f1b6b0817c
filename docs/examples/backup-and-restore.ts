/**
 * Backs up a folder, looks into the snapshot, restores it and checks the repository. Run it from a
 * checkout: `node docs/examples/backup-and-restore.ts FOLDER REPOSITORY TARGET`.
 */
import { initRepository, isCofferError, openRepository } from "coffer";

const [folder, location, target] = process.argv.slice(2);
const password = process.env["COFFER_PASSWORD"];
if (!folder || !location || !target || !password) {
  process.stderr.write("Usage: COFFER_PASSWORD=… node backup-and-restore.ts FOLDER REPO TARGET\n");
  process.exit(1);
}
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function openOrInit(options: { location: string; password: string }) {
  try {
    return await openRepository(options);
  } catch (error) {
    if (!isCofferError(error, "NO_REPOSITORY")) throw error;
    return initRepository(options);
  }
}

const repository = await openOrInit({ location, password });
say(`repository ${repository.id.slice(0, 8)}, format version ${repository.version}`);

const saved = await repository.backup(
  { sources: [folder], exclude: ["*.tmp"], tags: ["example"] },
  {
    progress(event) {
      if (event.kind === "error") say(`not saved: ${event.error.message}`);
    },
  },
);
const { summary } = saved;
say(`snapshot ${saved.snapshotId?.slice(0, 8)}: ${summary.totalFilesProcessed} files`);
say(`${summary.totalBytesProcessed} bytes, ${summary.dataAddedPacked} newly stored`);

const { snapshots } = await repository.snapshots({ tags: [["example"]] });
say(`${snapshots.length} snapshots carry the tag`);

let first: string | undefined;
for await (const entry of repository.list("latest")) {
  if (entry.type === "file" && entry.size > 0) first ??= entry.path;
}
if (first !== undefined) {
  let bytes = 0;
  for await (const part of repository.readFile("latest", first)) bytes += part.length;
  say(`the first file has ${bytes} bytes`);
}

const restored = await repository.restore({ snapshot: "latest", target, verify: true });
say(`restored ${restored.filesRestored} items, ${restored.errors} errors`);

const checked = await repository.check({ readData: { kind: "all" } });
say(`check: ${checked.errorCount} errors in ${checked.packs} packs`);
process.exitCode = saved.errors + restored.errors + checked.errorCount === 0 ? 0 : 1;
