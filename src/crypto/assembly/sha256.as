// asc sha256: --initialMemory 2
/** SHA-256 (FIPS 180-4) for platforms without a synchronous one. docs/format.md, section 3. */

/** Eight words of state, in the machine's order. */
const STATE: usize = 0;
/** The schedule: 64 words. */
const SCHEDULE: usize = 64;
/** The constants, written once by the host: 64 words. */
const CONSTANTS: usize = 512;
/** Where the caller puts message bytes, whole blocks only, at most 64 KiB at a time. */
const DATA: usize = 1024;

// @ts-ignore: decorator
@inline
function rotate(x: u32, n: u32): u32 {
  return rotr<u32>(x, n);
}

/** Works `count` blocks of 64 bytes into the state. */
export function blocks(count: usize): void {
  let h0 = load<u32>(STATE);
  let h1 = load<u32>(STATE + 4);
  let h2 = load<u32>(STATE + 8);
  let h3 = load<u32>(STATE + 12);
  let h4 = load<u32>(STATE + 16);
  let h5 = load<u32>(STATE + 20);
  let h6 = load<u32>(STATE + 24);
  let h7 = load<u32>(STATE + 28);
  const end = DATA + (count << 6);
  for (let at = DATA; at < end; at += 64) {
    for (let i: usize = 0; i < 64; i += 4) store<u32>(SCHEDULE + i, bswap<u32>(load<u32>(at + i)));
    for (let i: usize = SCHEDULE + 64; i < SCHEDULE + 256; i += 4) {
      const w15 = load<u32>(i - 60);
      const w2 = load<u32>(i - 8);
      const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3);
      const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10);
      store<u32>(i, load<u32>(i - 64) + s0 + load<u32>(i - 28) + s1);
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    let f = h5;
    let g = h6;
    let h = h7;
    for (let i: usize = 0; i < 256; i += 4) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const choice = g ^ (e & (f ^ g));
      const t1 = h + s1 + choice + load<u32>(CONSTANTS + i) + load<u32>(SCHEDULE + i);
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const majority = (a & b) | (c & (a | b));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + s0 + majority;
    }
    h0 += a;
    h1 += b;
    h2 += c;
    h3 += d;
    h4 += e;
    h5 += f;
    h6 += g;
    h7 += h;
  }
  store<u32>(STATE, h0);
  store<u32>(STATE + 4, h1);
  store<u32>(STATE + 8, h2);
  store<u32>(STATE + 12, h3);
  store<u32>(STATE + 16, h4);
  store<u32>(STATE + 20, h5);
  store<u32>(STATE + 24, h6);
  store<u32>(STATE + 28, h7);
}
