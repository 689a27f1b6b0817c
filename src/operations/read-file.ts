/** The content of one file of a snapshot, in order, without a target to write to. */
import { CofferError, throwIfAborted } from "#base/errors.ts";
import { ID_BYTES } from "#format/id.ts";
import type { Repository } from "#repository/repository.ts";
import { nodeAtPath } from "#repository/snapshot-path.ts";

/**
 * Blobs loaded ahead of the one that the consumer holds: hides one round trip, costs 8 MiB each.
 */
const AHEAD = 2;

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields a file's plaintext blob by blob, each verified against its id before it is handed out. The
 * bytes are the consumer's. Memory: {@link AHEAD} + 1 blobs.
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
        const id = content.slice(next * ID_BYTES, ++next * ID_BYTES);
        loading.push(repo.loadBlob("data", id, options));
      }
      const bytes = await loading[0]!;
      void loading.shift();
      yield bytes;
    }
  } finally {
    await Promise.allSettled(loading);
  }
}
