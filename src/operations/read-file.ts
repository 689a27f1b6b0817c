/** The content of one file of a snapshot, in order, without a target to write to. */
import { CofferError, throwIfAborted } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";
import { nodeAtPath } from "#repository/snapshot-path.ts";

/** Blobs loaded ahead of the one that the consumer holds: hides one round trip. */
const AHEAD = 2;
/** The chunker's largest. A blob that claims more is loaded alone, so that memory stays bounded. */
const LOADED_AHEAD = 8 * 1024 * 1024;

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields a file's plaintext blob by blob, each verified against its id before it is handed out. The
 * bytes are the consumer's. Memory: three blobs of 8 MiB, or one larger one.
 * @param root 32-byte id of the snapshot's tree
 * @param path of a file; leading and repeated slashes do not matter
 * @throws PATH_NOT_FOUND, also for what is not a file; MISSING_BLOB and what loading blobs throws
 */
export async function* readFileContent(
  repo: Repository,
  root: Uint8Array,
  path: string,
  options: Cancel = {},
): AsyncGenerator<Uint8Array> {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const node =
    names.length > 0 ? await nodeAtPath(repo, root, names.join("/"), options) : undefined;
  if (node?.type !== "file") {
    throw new CofferError("PATH_NOT_FOUND", `${JSON.stringify(path)} is no file`);
  }
  const content = node.content ?? new Uint8Array(0);
  const count = content.length / ID_BYTES;
  const loading: Promise<Uint8Array>[] = [];
  try {
    for (let next = 0; next < count || loading.length > 0;) {
      throwIfAborted(options.signal);
      while (next < count && loading.length <= AHEAD) {
        const id = content.slice(next * ID_BYTES, (next + 1) * ID_BYTES);
        if (loading.length > 0 && !isOfUsualSize(repo, id)) break;
        next++;
        const blob = repo.loadBlob("data", id, options);
        // Its turn may never come; then its failure is nobody's.
        blob.catch(() => undefined);
        loading.push(blob);
      }
      const bytes = await loading[0]!;
      void loading.shift();
      yield bytes;
    }
  } finally {
    await Promise.allSettled(loading);
  }
}

function isOfUsualSize(repo: Repository, id: Uint8Array): boolean {
  const found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  if (!repo.index.lookup("data", id, found)) return true;
  return Math.max(found.length, found.rawLength) <= LOADED_AHEAD + 32;
}
