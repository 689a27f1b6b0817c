/** Reads the list of blobs at the end of a pack (docs/format.md, section 6). */
import { CofferError, isCofferError, isCorruption } from "#base/errors.ts";
import { type HexId, shortId } from "#format/id.ts";
import { indexedPack, type IndexedPack } from "#format/index-file.ts";
import {
  decodePackHeader,
  EAGER_HEADER_BYTES,
  PACK_LENGTH_FIELD,
  readHeaderLength,
} from "#format/pack-header.ts";
import type { Repository } from "#repository/repository.ts";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The entries of a pack file, proven by the seal and by adding up to the file's size.
 * @param size of the file in bytes, as listed
 * @throws corruption codes, NOT_FOUND
 */
export async function readPackHeader(
  repo: Repository,
  id: HexId,
  size: number,
  options: Cancel = {},
): Promise<IndexedPack> {
  const file = { type: "pack", name: id } as const;
  const what = `Pack ${shortId(id)}`;
  const read = (length: number): Promise<Uint8Array> =>
    repo.backend.read(file, { ...options, offset: size - length, length, fresh: true });
  let tail = await read(Math.min(size, EAGER_HEADER_BYTES));
  const length = readHeaderLength(tail, size, what);
  const total = length + PACK_LENGTH_FIELD;
  if (total > tail.length) tail = await read(total);
  const sealed = tail.subarray(tail.length - total, tail.length - PACK_LENGTH_FIELD);
  const plain = repo.aead.open(sealed);
  return indexedPack(id, decodePackHeader(plain, repo.config.version, size - total, what));
}

/** Like {@link readPackHeader}; what cannot be read is an answer. Tried twice, as storages err. */
export async function tryPackHeader(
  repo: Repository,
  id: HexId,
  size: number,
  options: Cancel = {},
): Promise<IndexedPack | CofferError> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await readPackHeader(repo, id, size, options);
    } catch (error) {
      if (!isCorruption(error) && !isCofferError(error, "NOT_FOUND")) throw error;
      if (attempt === 1) return error;
    }
  }
}
