/**
 * Loads a kernel from the base64 that tools/build-kernels.ts generates. Compilation is synchronous:
 * kernels are a few KiB, and browsers allow that much on any thread.
 */
import { fromBase64 } from "#base/bytes.ts";

/** The part of the WebAssembly API used here; Node's types leave it to the DOM's. */
interface WasmApi {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const wasm = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;

/** A kernel's functions, all on 32-bit integers, and its memory. */
export interface Kernel<Name extends string> {
  readonly call: Readonly<Record<Name, (...parameters: number[]) => number>>;
  /** The whole memory. No kernel grows it, so the view stays valid. */
  readonly memory: Uint8Array<ArrayBuffer>;
}

const compiled = new Map<string, object>();

/**
 * A new instance with its own memory; the compiled code is kept for the next one. Throws the
 * platform's CompileError where an instruction is unknown; see {@link loadFirst}.
 */
export function loadKernel<Name extends string>(base64: string): Kernel<Name> {
  let module = compiled.get(base64);
  if (module === undefined) {
    module = new wasm.Module(fromBase64(base64)!);
    compiled.set(base64, module);
  }
  const instance = new wasm.Instance(module);
  const exports = instance.exports as Kernel<Name>["call"] & {
    readonly memory: { readonly buffer: ArrayBuffer };
  };
  return { call: exports, memory: new Uint8Array(exports.memory.buffer) };
}

/** The first of several builds of one kernel that this engine accepts: some lack relaxed SIMD. */
export function loadFirst<Name extends string>(builds: readonly string[]): Kernel<Name> {
  for (const build of builds.slice(0, -1)) {
    try {
      return loadKernel(build);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "CompileError") throw error;
    }
  }
  return loadKernel(builds.at(-1)!);
}
