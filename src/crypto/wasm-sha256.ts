/** SHA-256 in WebAssembly: assembly/sha256.as. docs/format.md, section 3. */
import { loadKernel } from "#base/wasm-kernel.ts";
import type { Hasher } from "#crypto/crypto.ts";
import { SHA256_WASM } from "#crypto/sha256.wasm.ts";

/** Places in the kernel's memory; see assembly/sha256.as. */
const CONSTANTS = 512;
const DATA = 1024;
const DATA_LENGTH = 64 * 1024;
const BLOCK = 64;

/** FIPS 180-4, 5.3.3 and 4.2.2: 32 bits of the fractions of roots of the first primes. */
const PRIMES = Array.from({ length: 312 }, (_, i) => i).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, i) => i).some((d) => d > 1 && n % d === 0),
);
const INITIAL = Uint32Array.from(PRIMES.slice(0, 8), (prime) => rootFraction(prime, 2n));
const ROUND_CONSTANTS = Uint32Array.from(PRIMES, (prime) => rootFraction(prime, 3n));

/** The first 32 bits after the point of the root, by bisection on exact integers. */
function rootFraction(prime: number, degree: bigint): number {
  const target = BigInt(prime) << (32n * degree);
  let [low, high] = [0n, 1n << 40n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= target) low = middle;
    else high = middle;
  }
  return Number(low & 0xffff_ffffn);
}

/** Makes hashers that share one kernel; each keeps its own state between calls. */
export function createWasmSha256(): () => Hasher {
  const { memory, call } = loadKernel<"blocks">(SHA256_WASM);
  const words = new Uint32Array(memory.buffer, 0, 8);
  new Uint32Array(memory.buffer, CONSTANTS, 64).set(ROUND_CONSTANTS);

  const run = (state: Uint32Array, bytes: Uint8Array): void => {
    words.set(state);
    for (let at = 0; at < bytes.length; at += DATA_LENGTH) {
      const part = bytes.subarray(at, at + DATA_LENGTH);
      memory.set(part, DATA);
      call.blocks(part.length / BLOCK);
    }
    state.set(words);
  };

  return () => {
    const state = INITIAL.slice();
    const held = new Uint8Array(2 * BLOCK);
    let heldLength = 0;
    let total = 0;
    return {
      update(bytes) {
        total += bytes.length;
        let rest = bytes;
        if (heldLength > 0) {
          const head = rest.subarray(0, BLOCK - heldLength);
          held.set(head, heldLength);
          heldLength += head.length;
          rest = rest.subarray(head.length);
          if (heldLength < BLOCK) return;
          run(state, held.subarray(0, BLOCK));
        }
        const whole = rest.length - (rest.length % BLOCK);
        run(state, rest.subarray(0, whole));
        held.set(rest.subarray(whole));
        heldLength = rest.length - whole;
      },
      digest() {
        // A one bit, zeros, and the message's length in bits end the last block.
        held.fill(0, heldLength);
        held[heldLength] = 0x80;
        const length = heldLength < BLOCK - 8 ? BLOCK : 2 * BLOCK;
        const view = new DataView(held.buffer);
        view.setBigUint64(length - 8, BigInt(total) * 8n);
        run(state, held.subarray(0, length));
        const out = new DataView(new ArrayBuffer(32));
        for (let i = 0; i < 8; i++) out.setUint32(4 * i, state[i]!);
        return new Uint8Array(out.buffer);
      },
    };
  };
}
