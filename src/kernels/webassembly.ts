/**
 * The part of the WebAssembly API that kernels use. TypeScript declares it in its DOM library only,
 * which the Node check leaves out; this keeps one typed way in for all platforms.
 */

/** Linear memory. After a plain memory has grown, earlier views of it have length 0. */
export interface WasmMemory {
  /** An `ArrayBuffer`, or a `SharedArrayBuffer` for a shared memory. */
  readonly buffer: ArrayBufferLike;
  /** Adds pages of 64 KiB. Throws RangeError when refused. */
  grow(pages: number): number;
}

/** A compiled module; any number of instances can be made of it. */
export type WasmModule = object;

interface WasmApi {
  readonly Memory: new (descriptor: {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }) => WasmMemory;
  readonly Module: new (binary: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: unknown };
  readonly RuntimeError: new () => Error;
}

/** The platform's WebAssembly. */
export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
