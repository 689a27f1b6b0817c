/** A folder as a tar stream. */
import type { ArchiveItem } from "#operations/dump/dump-types.ts";
import { TAR_BLOCK, tarHeader, tarPadding } from "#operations/dump/tar-header.ts";

/** Yields the archive piece by piece; memory is what the items hold. */
export async function* writeTar(items: AsyncIterable<ArchiveItem>): AsyncGenerator<Uint8Array> {
  for await (const { entry, content } of items) {
    yield tarHeader(entry);
    for await (const bytes of content) yield bytes;
    const padding = tarPadding(entry.size);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield new Uint8Array(2 * TAR_BLOCK);
}
