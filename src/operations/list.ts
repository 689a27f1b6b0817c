/** The `list` command: the names of raw objects, one after the other. */
import type { FileType } from "#backends/backend.ts";
import { throwIfAborted } from "#base/errors.ts";
import { type HexId, idFromBytes } from "#format/id.ts";
import { readIndexFile } from "#format/index-file.ts";
import type { BlobType } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";

/** The kinds of file that `list` names. */
export type ListedType = Exclude<FileType, "config">;

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/** Ids of the files of a type, in the storage's order. */
export async function* listFiles(
  repo: Repository,
  type: ListedType,
  options: Cancel = {},
): AsyncGenerator<string> {
  for await (const { name } of repo.backend.list(type, options)) yield name;
}

export interface ListedBlob {
  readonly type: BlobType;
  readonly id: HexId;
}

/**
 * Every blob entry of every index file, copies repeated, as restic lists them. Reads the index
 * files one after the other, so that memory holds one.
 * @throws a damaged index file's error
 */
export async function* listBlobs(
  repo: Repository,
  options: Cancel = {},
): AsyncGenerator<ListedBlob> {
  for await (const name of listFiles(repo, "index", options)) {
    throwIfAborted(options.signal);
    const json = await repo.loadUnpacked("index", name, options);
    const { version } = repo.config;
    for (const pack of readIndexFile(json, version, `Index ${name.slice(0, 8)}`)) {
      for (const { type, id } of pack.blobs) yield { type, id };
    }
  }
}

/** Ids of all packs that a loaded index names. */
export function indexedPacks(repo: Repository): HexId[] {
  const ids: HexId[] = [];
  for (let pack = 0; pack < repo.index.packCount; pack++) {
    ids.push(idFromBytes(repo.index.packId(pack)));
  }
  return ids;
}
