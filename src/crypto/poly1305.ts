/**
 * Poly1305 as RFC 8439 section 2.5 writes it, on big integers: slow (about 10 MiB/s) and easy to
 * check. The yardstick for OpenSSL's and the WASM kernel's MAC. docs/format.md, section 3.
 */

const PRIME = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/**
 * Poly1305 of the message under a one-time key: `r` (16 bytes) ‖ pad (16 bytes). Gives 16 bytes.
 */
export function poly1305(oneTimeKey: Uint8Array, message: Uint8Array): Uint8Array {
  const r = littleEndian(oneTimeKey.subarray(0, 16)) & CLAMP;
  const pad = littleEndian(oneTimeKey.subarray(16, 32));
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    const marker = 1n << BigInt(8 * block.length);
    sum = ((sum + littleEndian(block) + marker) * r) % PRIME;
  }
  const mac = (sum + pad) & ((1n << 128n) - 1n);
  const out = new Uint8Array(16);
  for (let i = 0; i < 16; i++) out[i] = Number((mac >> BigInt(8 * i)) & 0xffn);
  return out;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
