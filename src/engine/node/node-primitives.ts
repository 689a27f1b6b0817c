/**
 * The engine's primitives under Node: OpenSSL, Node's zlib, WASM kernels, system clock and
 * randomness.
 */
import { createOsRandom } from "#base/node/os-random.ts";
import { createSystemClock } from "#base/node/system-clock.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";
import { createWasmChunker } from "#kernels/wasm-chunker.ts";
import type { Primitives } from "#repository/primitives.ts";

export function createNodePrimitives(): Primitives {
  const random = createOsRandom();
  return {
    crypto: createNodeCrypto(random),
    zstd: createNodeZstd(),
    createChunker: createWasmChunker,
    clock: createSystemClock(),
    random,
    createBlobIndex: (shared) => createWasmBlobIndex({ shared: true, attach: shared }),
  };
}
