/**
 * Content-defined chunking (docs/format.md, section 10). A chunker owns its window buffer, so that
 * a WASM implementation scans bytes where they were read, without a copy.
 */

export const MIN_CHUNK = 512 * 1024;
export const MAX_CHUNK = 8 * 1024 * 1024;

export interface Chunker {
  /**
   * The buffer to read file bytes into; its length is MAX_CHUNK plus at least 1 MiB. It never moves
   * or detaches for the life of the chunker. The bytes belong to the caller.
   */
  readonly window: Uint8Array;

  /**
   * Length of the first chunk of the stretch `window[start, end)`, where `start` is the first byte
   * after the previous cut; 0 when more bytes are needed to decide (never when `final`, and never
   * when the stretch holds MAX_CHUNK bytes). An empty stretch gives 0. Calls may grow `end` step by
   * step: what was scanned for the same `start` is not scanned again until {@link reset}.
   */
  cut(start: number, end: number, final: boolean): number;

  /**
   * Forgets scan progress. Call at the start of each file, and after moving bytes in the window.
   */
  reset(): void;
}

/** Makes a chunker for a repository's polynomial (irreducible, degree 53). */
export type ChunkerFactory = (polynomial: bigint) => Chunker;
