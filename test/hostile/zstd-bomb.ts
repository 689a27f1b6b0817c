/** zstd frames that are small and claim or hold a lot (RFC 8878, section 3). */

/** Largest block: 128 KiB. */
const BLOCK = 1 << 17;

/** A frame of zeros in run-length blocks; `declared` is the size that its header tells. */
export function zeroFrame(blocks: number, declared: number): Uint8Array {
  const frame = new Uint8Array(10 + blocks * 4);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  // Content size in 4 bytes; window of 1 MiB.
  frame[4] = 0x80;
  frame[5] = 0x50;
  view.setUint32(6, declared, true);
  for (let i = 0; i < blocks; i++) {
    const isLast = i === blocks - 1 ? 1 : 0;
    const header = (BLOCK << 3) | (1 << 1) | isLast;
    frame.set([header & 0xff, (header >> 8) & 0xff, header >> 16, 0], 10 + i * 4);
  }
  return frame;
}

/** Blocks that make so many bytes. */
export function blocksFor(bytes: number): number {
  return Math.ceil(bytes / BLOCK);
}
