// asc small-seal: --enable simd --initialMemory 9
/**
 * Seals small messages whose AES key streams the host has made in advance, in batches: for them the
 * cost of starting OpenSSL's cipher and MAC is many times that of the work. docs/format.md, section 3.
 */
import { KEY, TAG, absorb, begin, finish } from "./poly1305";

/** The MAC's `r`, set once. */
const MAC_R: usize = 128;
/** nonce ‖ ciphertext ‖ tag */
const MESSAGE: usize = 4096;
/** What the host wants sealed, and a second copy of it to verify against. */
const PLAIN: usize = 8192;
const PLAIN_AGAIN: usize = 12288;
const NONCES: usize = 16384;
const PADS: usize = 20480;
/** Two key streams, made separately, for each nonce of the batch. */
const STREAMS: usize = 65536;
const STREAMS_AGAIN: usize = 327680;
const BATCH: usize = 128;
const STREAM_LENGTH: usize = 2048;

/** Writes the counter blocks of all nonces to the place of the key streams that the host makes of them. */
export function counters(again: bool): void {
  let at = again ? STREAMS_AGAIN : STREAMS;
  for (let slot: usize = 0; slot < BATCH; slot++) {
    let high = bswap<u64>(load<u64>(NONCES + (slot << 4)));
    let low = bswap<u64>(load<u64>(NONCES + (slot << 4) + 8));
    const end = at + STREAM_LENGTH;
    for (; at < end; at += 16) {
      store<u64>(at, bswap<u64>(high));
      store<u64>(at + 8, bswap<u64>(low));
      // One 128-bit number that wraps.
      if (++low == 0) ++high;
    }
  }
}

/** Seals PLAIN with the given nonce of the batch into MESSAGE. */
export function seal(slot: usize, length: usize): void {
  const nonce = v128.load(NONCES + (slot << 4));
  v128.store(MESSAGE, nonce);
  const text = MESSAGE + 16;
  const stream = STREAMS + slot * STREAM_LENGTH;
  // The last step may write past the text; the tag overwrites that.
  for (let i: usize = 0; i < length; i += 16) {
    v128.store(text + i, v128.xor(v128.load(PLAIN + i), v128.load(stream + i)));
  }
  tag(slot, length);
  v128.store(text + length, v128.load(TAG));
}

/** 1 when MESSAGE decrypts to PLAIN_AGAIN under the second key stream and its tag comes out again. */
export function verify(slot: usize, length: usize): i32 {
  const text = MESSAGE + 16;
  const stream = STREAMS_AGAIN + slot * STREAM_LENGTH;
  const whole = length & ~15;
  let different = i64x2.splat(0);
  for (let i: usize = 0; i < whole; i += 16) {
    const plain = v128.xor(v128.load(text + i), v128.load(stream + i));
    different = v128.or(different, v128.xor(plain, v128.load(PLAIN_AGAIN + i)));
  }
  let rest: u32 = 0;
  for (let i = whole; i < length; i++) {
    rest |= load<u8>(text + i) ^ load<u8>(stream + i) ^ load<u8>(PLAIN_AGAIN + i);
  }
  tag(slot, length);
  different = v128.or(different, v128.xor(v128.load(TAG), v128.load(text + length)));
  return rest == 0 && !v128.any_true(different) ? 1 : 0;
}

function tag(slot: usize, length: usize): void {
  v128.store(KEY, v128.load(MAC_R));
  v128.store(KEY + 16, v128.load(PADS + (slot << 4)));
  begin();
  absorb(MESSAGE + 16, length);
  finish();
}
