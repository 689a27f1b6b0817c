/** Keeps checkpoints of interrupted backups as sealed files in the machine's cache folder. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckpointStore } from "#operations/backup/checkpoint.ts";

/** @param folder the repository's cache folder; made when the first checkpoint is saved */
export function createCheckpointFiles(folder: string): CheckpointStore {
  const place = join(folder, "checkpoints");
  return {
    async load(key): Promise<Uint8Array | undefined> {
      try {
        return await readFile(join(place, key));
      } catch (error) {
        if ((error as { code?: string }).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async save(key, record): Promise<void> {
      await mkdir(place, { recursive: true, mode: 0o700 });
      const temporary = join(place, `${key}-tmp-${process.pid}`);
      await writeFile(temporary, record, { mode: 0o600, flush: true });
      await rename(temporary, join(place, key));
    },
    async remove(key): Promise<void> {
      await rm(join(place, key), { force: true });
    },
  };
}
