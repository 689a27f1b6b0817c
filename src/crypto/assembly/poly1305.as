// asc poly1305: --initialMemory 2
/**
 * Poly1305 (RFC 8439, section 2.5) for platforms without one: five limbs of 26 bits in 64-bit integers.
 * docs/format.md, section 3. No branch or address depends on the key or the message's bytes.
 */

/** One-time key: r ‖ pad. */
export const KEY: usize = 0;
/** The tag goes here. */
export const TAG: usize = 32;
/** Unfinished block. */
const BLOCK: usize = 48;
/** Where the caller puts message bytes, 64 KiB at a time. */
const DATA: usize = 1024;
const LIMB: u64 = 0x3ffffff;

let r0: u64 = 0;
let r1: u64 = 0;
let r2: u64 = 0;
let r3: u64 = 0;
let r4: u64 = 0;
let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;
let h4: u64 = 0;
let held: usize = 0;

/** Starts a message under the key in memory. */
export function begin(): void {
  r0 = load<u32>(KEY) & 0x3ffffff;
  r1 = (load<u32>(KEY + 3) >> 2) & 0x3ffff03;
  r2 = (load<u32>(KEY + 6) >> 4) & 0x3ffc0ff;
  r3 = (load<u32>(KEY + 9) >> 6) & 0x3f03fff;
  r4 = (load<u32>(KEY + 12) >> 8) & 0x00fffff;
  h0 = h1 = h2 = h3 = h4 = 0;
  held = 0;
}

/** Adds the first `length` bytes of the data area. */
export function update(length: usize): void {
  absorb(DATA, length);
}

/** Adds `length` bytes at any place. */
export function absorb(at: usize, length: usize): void {
  const end = at + length;
  if (held > 0) {
    while (held < 16 && at < end) store<u8>(BLOCK + held++, load<u8>(at++));
    if (held < 16) return;
    blocks(BLOCK, BLOCK + 16, 1 << 24);
    held = 0;
  }
  const whole = at + ((end - at) & ~15);
  blocks(at, whole, 1 << 24);
  held = end - whole;
  memory.copy(BLOCK, whole, held);
}

function blocks(at: usize, end: usize, marker: u64): void {
  let a0 = h0;
  let a1 = h1;
  let a2 = h2;
  let a3 = h3;
  let a4 = h4;
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  for (; at < end; at += 16) {
    const low = load<u64>(at);
    const high = load<u64>(at + 8);
    a0 += low & LIMB;
    a1 += (low >> 26) & LIMB;
    a2 += ((low >> 52) | (high << 12)) & LIMB;
    a3 += (high >> 14) & LIMB;
    a4 += (high >> 40) | marker;
    const d0 = a0 * r0 + a1 * s4 + a2 * s3 + a3 * s2 + a4 * s1;
    const d1 = a0 * r1 + a1 * r0 + a2 * s4 + a3 * s3 + a4 * s2 + (d0 >> 26);
    const d2 = a0 * r2 + a1 * r1 + a2 * r0 + a3 * s4 + a4 * s3 + (d1 >> 26);
    const d3 = a0 * r3 + a1 * r2 + a2 * r1 + a3 * r0 + a4 * s4 + (d2 >> 26);
    const d4 = a0 * r4 + a1 * r3 + a2 * r2 + a3 * r1 + a4 * r0 + (d3 >> 26);
    a0 = (d0 & LIMB) + (d4 >> 26) * 5;
    a1 = (d1 & LIMB) + (a0 >> 26);
    a0 &= LIMB;
    a2 = d2 & LIMB;
    a3 = d3 & LIMB;
    a4 = d4 & LIMB;
  }
  h0 = a0;
  h1 = a1;
  h2 = a2;
  h3 = a3;
  h4 = a4;
}

/** Writes the tag and forgets the message. */
export function finish(): void {
  if (held > 0) {
    store<u8>(BLOCK + held, 1);
    memory.fill(BLOCK + held + 1, 0, 15 - held);
    blocks(BLOCK, BLOCK + 16, 0);
  }
  // The third round leaves every limb below 2^26, whatever the first two carried around.
  for (let i = 0; i < 3; i++) {
    h1 += h0 >> 26;
    h2 += h1 >> 26;
    h3 += h2 >> 26;
    h4 += h3 >> 26;
    h0 = (h0 & LIMB) + (h4 >> 26) * 5;
    h1 &= LIMB;
    h2 &= LIMB;
    h3 &= LIMB;
    h4 &= LIMB;
  }
  // h - p, taken when it is not negative.
  const g0 = h0 + 5;
  const g1 = h1 + (g0 >> 26);
  const g2 = h2 + (g1 >> 26);
  const g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26) - (1 << 26);
  const take = (g4 >> 63) - 1;
  h0 = (h0 & ~take) | (g0 & LIMB & take);
  h1 = (h1 & ~take) | (g1 & LIMB & take);
  h2 = (h2 & ~take) | (g2 & LIMB & take);
  h3 = (h3 & ~take) | (g3 & LIMB & take);
  h4 = (h4 & ~take) | (g4 & LIMB & take);
  const low = h0 | (h1 << 26) | (h2 << 52);
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const sum = low + load<u64>(KEY + 16);
  const carry: u64 = sum < low ? 1 : 0;
  store<u64>(TAG, sum);
  store<u64>(TAG + 8, high + load<u64>(KEY + 24) + carry);
  h0 = h1 = h2 = h3 = h4 = 0;
  r0 = r1 = r2 = r3 = r4 = 0;
  memory.fill(KEY, 0, 32);
}
