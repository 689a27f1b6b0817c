/**
 * Zstandard, one frame per call. Node fills this from its own zlib, browsers from a library
 * (decompression only is needed there).
 */

/** restic's names. Levels chosen by measured speed and size beside restic: see docs/adr. */
export type CompressionMode = "off" | "fastest" | "auto" | "better" | "max";

export interface Zstd {
  /**
   * One complete frame. `level` is a reference zstd level, 1 to 19. The result is newly allocated.
   */
  compress(bytes: Uint8Array, level: number): Uint8Array;

  /**
   * The content of exactly one frame. The frame need not state its content size.
   * @param maxLength upper bound of the result in bytes; never allocates much more than this
   * @param room the result may be a view of this where it fits; else it is newly allocated
   * @throws BAD_FORMAT on anything that is not one complete frame
   * @throws TOO_LARGE when the content exceeds `maxLength`
   */
  decompress(frame: Uint8Array, maxLength: number, room?: Uint8Array): Uint8Array;
}
