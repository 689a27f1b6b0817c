// asc aes-ctr: --initialMemory 2
/**
 * AES-256-CTR by four tables, for platforms without a synchronous one. docs/format.md, section 3.
 *
 * Table lookups take time that can depend on the cache: use it where no stranger runs on the same
 * processor in a position to measure, which is a browser's restore of one's own data.
 */

/** 60 round-key words, big-endian values, written by the host. */
const ROUND_KEYS: usize = 0;
/** The counter block, big-endian bytes. */
const COUNTER: usize = 240;
/** Te0…Te3, 1 KiB each, then the S-box: written by the host. */
const T0: usize = 1024;
const SBOX: usize = 5120;
/** Where the caller puts bytes, at most 64 KiB at a time; the result takes their place. */
const DATA: usize = 8192;

// @ts-ignore: decorator
@inline
function t(table: usize, byte: u32): u32 {
  return load<u32>(T0 + (table << 10) + (<usize>(byte & 255) << 2));
}

// @ts-ignore: decorator
@inline
function mix(a: u32, b: u32, c: u32, d: u32, key: usize): u32 {
  return t(0, a >> 24) ^ t(1, b >> 16) ^ t(2, c >> 8) ^ t(3, d) ^ load<u32>(key);
}

// @ts-ignore: decorator
@inline
function s(byte: u32): u32 {
  return load<u8>(SBOX + <usize>(byte & 255));
}

// @ts-ignore: decorator
@inline
function last(a: u32, b: u32, c: u32, d: u32, key: usize): u32 {
  return bswap<u32>(
    ((s(a >> 24) << 24) | (s(b >> 16) << 16) | (s(c >> 8) << 8) | s(d)) ^ load<u32>(key),
  );
}

/** Encrypts or decrypts `length` bytes in place and moves the counter on by the blocks begun. */
export function crypt(length: usize): void {
  let c0 = bswap<u32>(load<u32>(COUNTER));
  let c1 = bswap<u32>(load<u32>(COUNTER + 4));
  let c2 = bswap<u32>(load<u32>(COUNTER + 8));
  let c3 = bswap<u32>(load<u32>(COUNTER + 12));
  const end = DATA + length;
  for (let at = DATA; at < end; at += 16) {
    let a = c0 ^ load<u32>(ROUND_KEYS);
    let b = c1 ^ load<u32>(ROUND_KEYS + 4);
    let c = c2 ^ load<u32>(ROUND_KEYS + 8);
    let d = c3 ^ load<u32>(ROUND_KEYS + 12);
    for (let key: usize = ROUND_KEYS + 16; key < ROUND_KEYS + 224; key += 16) {
      const e = mix(a, b, c, d, key);
      const f = mix(b, c, d, a, key + 4);
      const g = mix(c, d, a, b, key + 8);
      const h = mix(d, a, b, c, key + 12);
      a = e;
      b = f;
      c = g;
      d = h;
    }
    const key = ROUND_KEYS + 224;
    // The data area has room for the block that the last bytes begin.
    store<u32>(at, load<u32>(at) ^ last(a, b, c, d, key));
    store<u32>(at + 4, load<u32>(at + 4) ^ last(b, c, d, a, key + 4));
    store<u32>(at + 8, load<u32>(at + 8) ^ last(c, d, a, b, key + 8));
    store<u32>(at + 12, load<u32>(at + 12) ^ last(d, a, b, c, key + 12));
    // One 128-bit number that wraps.
    if (++c3 == 0 && ++c2 == 0 && ++c1 == 0) ++c0;
  }
  store<u32>(COUNTER, bswap<u32>(c0));
  store<u32>(COUNTER + 4, bswap<u32>(c1));
  store<u32>(COUNTER + 8, bswap<u32>(c2));
  store<u32>(COUNTER + 12, bswap<u32>(c3));
}
