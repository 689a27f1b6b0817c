/** The only source of randomness. Production fills from the operating system; tests from a seed. */
export interface Random {
  /** Fills the array and returns it. */
  fill<T extends Uint8Array>(bytes: T): T;
}

/** A uniform integer in [0, bound), bound at most 2^32. */
export function randomBelow(random: Random, bound: number): number {
  const limit = Math.floor(0x1_0000_0000 / bound) * bound;
  const four = new Uint8Array(4);
  const view = new DataView(four.buffer);
  for (;;) {
    random.fill(four);
    const value = view.getUint32(0);
    if (value < limit) return value % bound;
  }
}
