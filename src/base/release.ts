/**
 * Gives large buffers back at once. A garbage collector lets tens of megabytes of dead buffers
 * gather per thread before it looks (V8: 64 MiB of external memory); detaching frees them now.
 */

/** Below this the collector is cheaper, and Node keeps small buffers in shared pools. */
const LARGE = 32 * 1024;

/**
 * Frees the memory of an array that owns its whole buffer; others are left alone. The array, and
 * every view of it, is empty afterwards: call it only for bytes that nobody else holds.
 */
export function release(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength < LARGE || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
