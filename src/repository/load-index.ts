/**
 * Loads every index file of a repository into its blob index. List snapshots first (section 13).
 */
import { CofferError, isCofferError, messageOf, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { Repository } from "#repository/repository.ts";

export interface IndexLoaded {
  readonly files: number;
  readonly blobs: number;
}

/**
 * Reads all index files, at most `backend.connections` at once; one is in memory at a time each.
 * @throws the first file's error, naming it; the index is then incomplete and must not be used
 */
export async function loadIndex(
  repository: Repository,
  context: OperationContext<IndexLoaded> = {},
): Promise<IndexLoaded> {
  const { signal, progress } = context;
  const names: string[] = [];
  for await (const file of repository.backend.list("index", { signal })) names.push(file.name);
  let blobs = 0;
  let files = 0;
  const worker = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      throwIfAborted(signal);
      blobs += await loadOne(repository, name, signal);
      files++;
      progress?.({ files, blobs });
    }
  };
  const lanes = Math.max(1, Math.min(repository.backend.connections, names.length));
  const results = await Promise.allSettled(Array.from({ length: lanes }, worker));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { files, blobs };
}

async function loadOne(
  repository: Repository,
  name: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const json = await repository.loadUnpacked("index", name, { signal });
  try {
    return repository.index.loadIndexFile(json);
  } catch (error) {
    if (!isCofferError(error, "BAD_FORMAT")) throw error;
    throw new CofferError(
      "BAD_FORMAT",
      `Cannot use index ${name.slice(0, 8)}: ${messageOf(error)}`,
      {
        cause: error,
        data: { index: name },
      },
    );
  }
}
