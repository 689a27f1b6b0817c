/** Poly1305 in WebAssembly: assembly/poly1305.as. docs/format.md, section 3. */
import { loadKernel, type Kernel } from "#base/wasm-kernel.ts";
import { POLY1305_WASM } from "#crypto/poly1305.wasm.ts";
import type { Mac } from "#crypto/portable-aead.ts";

/** Places in the kernel's memory; see assembly/poly1305.as. */
const TAG = 32;
const DATA = 1024;
const DATA_LENGTH = 64 * 1024;

type MacKernel = Kernel<"begin" | "update" | "finish">;

/** Instances whose message is finished: a message at a time needs one, sealing with verify two. */
const idle: MacKernel[] = [];

/** A running MAC under a 32-byte one-time key. Its kernel is reused after `digest`. */
export function createWasmMac(oneTimeKey: Uint8Array): Mac {
  const kernel = idle.pop() ?? loadKernel<"begin" | "update" | "finish">(POLY1305_WASM);
  const { memory, call } = kernel;
  memory.set(oneTimeKey);
  call.begin();
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length; at += DATA_LENGTH) {
        const part = bytes.subarray(at, at + DATA_LENGTH);
        memory.set(part, DATA);
        call.update(part.length);
      }
    },
    digest() {
      call.finish();
      const tag = memory.slice(TAG, TAG + 16);
      idle.push(kernel);
      return tag;
    },
  };
}
