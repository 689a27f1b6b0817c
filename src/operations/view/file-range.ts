/** A stretch of a stored file, without loading what lies before and after it. */
import { CofferError, throwIfAborted } from "#base/errors.ts";
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { ID_BYTES } from "#format/id.ts";
import type { BlobLocation } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/** Plaintext bytes of a content. @throws MISSING_BLOB */
export function contentSize(repo: Repository, content: Uint8Array): number {
  let size = 0;
  for (let at = 0; at < content.length; at += ID_BYTES) size += blobSize(repo, content, at);
  return size;
}

/**
 * Yields bytes `[from, to)`, blob by blob, each verified. Memory: two blobs.
 * @param content data-blob ids, joined
 */
export async function* readRange(
  repo: Repository,
  content: Uint8Array,
  from: number,
  to: number,
  options: Cancel = {},
): AsyncGenerator<Uint8Array> {
  let start = 0;
  let ahead: Promise<Uint8Array> | undefined;
  for (let at = 0; at < content.length && start < to; at += ID_BYTES) {
    const size = blobSize(repo, content, at);
    const end = start + size;
    if (end > from) {
      throwIfAborted(options.signal);
      const loading = ahead ?? load(repo, content, at, options);
      const hasNext = end < to && at + ID_BYTES < content.length;
      ahead = hasNext ? load(repo, content, at + ID_BYTES, options) : undefined;
      const bytes = await loading;
      yield bytes.subarray(Math.max(0, from - start), Math.min(size, to - start));
    }
    start = end;
  }
}

function load(
  repo: Repository,
  content: Uint8Array,
  at: number,
  options: Cancel,
): Promise<Uint8Array> {
  const loading = repo.loadBlob("data", content.slice(at, at + ID_BYTES), options);
  // Reported when its turn comes; a reader that went away never asks.
  loading.catch(() => undefined);
  return loading;
}

function blobSize(repo: Repository, content: Uint8Array, at: number): number {
  const found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };
  if (repo.index.lookup("data", content.subarray(at, at + ID_BYTES), found)) {
    return found.rawLength || found.length - SEAL_OVERHEAD;
  }
  throw new CofferError("MISSING_BLOB", "A part of the file is not in the repository");
}
