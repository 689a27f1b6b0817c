/** Reads one blob from one place, and tells by its hash whether it is good. */
import { isCofferError } from "#base/errors.ts";
import { type HexId, idToBytes } from "#format/id.ts";
import type { IndexedBlob } from "#format/index-file.ts";
import { openBlob } from "#operations/prune/repack-task.ts";
import type { Repository } from "#repository/repository.ts";

/**
 * The verified payload, still compressed where it is; undefined when these bytes are not the blob,
 * also on a second reading.
 * @throws storage errors that are no answer about the bytes
 */
export async function readGoodBlob(
  repo: Repository,
  pack: HexId,
  { id, offset, length, rawLength }: IndexedBlob,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const file = { type: "pack", name: pack } as const;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const stored = await repo.backend.read(file, { signal, offset, length, fresh: true });
      const payload = openBlob(repo, idToBytes(id), stored, rawLength);
      if (payload) return payload;
    } catch (error) {
      if (!isCofferError(error, "NOT_FOUND", "SHORT_READ")) throw error;
    }
  }
  return undefined;
}
