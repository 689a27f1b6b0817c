/** What goes into an archive. */
import type { Node } from "#format/node.ts";

export interface ArchiveEntry {
  /** Raw bytes, relative, parts joined by slashes; every part is safe as a name. */
  readonly path: Uint8Array;
  readonly node: Node;
  /** Bytes of content that follow: for files, 0 for all else and for hard links. */
  readonly size: number;
  /** False when the repository has all of it uncompressed, since compressing did not help. */
  readonly compressible: boolean;
  /** Another name of this file that is in the archive already. */
  readonly linkTo: Uint8Array | undefined;
}

/** An entry and its content, which must be taken before the next entry is asked for. */
export interface ArchiveItem {
  readonly entry: ArchiveEntry;
  readonly content: AsyncIterable<Uint8Array>;
}

export type ArchiveFormat = "tar" | "zip";

export type DumpEvent =
  | { readonly kind: "entry"; readonly path: Uint8Array; readonly size: number }
  /** Left out: hostile, damaged, or nothing that such an archive can hold. */
  | { readonly kind: "error" | "skipped"; readonly path: Uint8Array; readonly message: string };
