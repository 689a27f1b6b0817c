/** The `dump` command for folders: a tar or zip stream of what a snapshot holds. */
import { utf8 } from "#base/bytes.ts";
import type { OperationContext } from "#base/progress.ts";
import { walkEntries } from "#operations/dump/archive-items.ts";
import type { ArchiveFormat, ArchiveItem, DumpEvent } from "#operations/dump/dump-types.ts";
import { type LoadBlob, loadAhead } from "#operations/dump/load-ahead.ts";
import { fitsTar } from "#operations/dump/tar-header.ts";
import { writeTar } from "#operations/dump/tar.ts";
import { fitsZip, writeZip } from "#operations/dump/zip.ts";
import type { Repository } from "#repository/repository.ts";

export interface DumpOptions {
  readonly format: ArchiveFormat;
  /** 32-byte id of the folder's tree. */
  readonly tree: Uint8Array;
  /** Path of the folder from the root; all names in the archive begin with it. */
  readonly path: string;
  /** Default: in this thread. */
  readonly load?: LoadBlob | undefined;
}

/**
 * Yields the archive; the pieces are the consumer's. The index is loaded. Entries that cannot be
 * archived are error events and left out; content that turns out damaged ends the stream with its
 * error, since its size is already written.
 */
export function dumpFolder(
  repo: Repository,
  { format, tree, path, load }: DumpOptions,
  context: OperationContext<DumpEvent> = {},
): AsyncGenerator<Uint8Array> {
  const { signal } = context;
  const isTar = format === "tar";
  const prefix = utf8(path.split("/").filter(Boolean).join("/"));
  const fits = isTar ? fitsTar : fitsZip;
  const entries = walkEntries(repo, { tree, prefix, fits, hardLinks: isTar }, context);
  const loader = load ?? ((id: Uint8Array) => repo.loadBlob("data", id, { signal }));
  const items = announce(loadAhead(repo, entries, loader), context);
  return isTar ? writeTar(items) : writeZip(items, repo.primitives.clock);
}

async function* announce(
  items: AsyncIterable<ArchiveItem>,
  { progress }: OperationContext<DumpEvent>,
): AsyncGenerator<ArchiveItem> {
  for await (const item of items) {
    const { path, size } = item.entry;
    progress?.({ kind: "entry", path, size });
    yield item;
  }
}
