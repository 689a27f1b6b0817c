// asc rabin: --enable simd --enable relaxed-simd --initialMemory 146
// asc rabin-plain: --enable simd --initialMemory 146
/**
 * The Rabin chunker's search in 16 SIMD lanes. docs/format.md, section 10.
 *
 * The fingerprint at a place depends on its last 64 bytes only, so a stretch is split into 16 equal
 * lanes that are scanned side by side, each warmed up on the 64 bytes before it. The digest D of all
 * lanes is held as D·x³ (56 bits) in seven vectors of 16 bytes, lowest byte first: appending a byte is
 * then a renaming of vectors, and the byte to be reduced is the whole of the top one. Both tables
 * are linear over GF(2), so a lookup of 256 entries is the sum of two lookups of 16 entries, which is
 * what swizzle does.
 */

// Memory: tables and ring below, then the window that the caller reads file bytes into.
/** [mod, out] × 7 bytes × [low nibble, high nibble] × 16 entries. */
const NIBBLES: usize = 1024;
/** u64[256]: what a byte contributed when it leaves. */
const OUT: usize = 2048;
/** u64[256]: the reduction of the top byte. */
const MOD: usize = 4096;
/** Five groups of 16 transposed vectors: one being read, four for the bytes that leave. */
const RING: usize = 8192;
const GROUP: usize = 256;
const GROUPS: usize = 5;

const WINDOW: usize = 64;
const CUT_MASK: u64 = 0xfffff;
/** Longest lane. No multiple of 4096, or all lanes' lines would compete for one set of the cache. */
const LANE: usize = 4160;
/** Below this many bytes a lane would be warm-up only. */
const LEAST: usize = 2048;

/**
 * Searches places p in [from, to), each with its 64 bytes p-63…p in memory. Gives p + 1 of the first
 * place where the digest's low 20 bits are zero, or 0.
 */
export function scan(from: usize, to: usize): usize {
  while (to - from >= LEAST) {
    let lane = ((to - from) >> 4) & ~15;
    if (lane > LANE) lane = LANE;
    const hit = scanLanes(from, lane);
    if (hit != 0) return hit;
    from += lane << 4;
  }
  return scanPlain(from, to);
}

/** The same, one byte at a time. */
export function scanPlain(from: usize, to: usize): usize {
  if (from >= to) return 0;
  let digest: u64 = 0;
  for (let at = from - WINDOW + 1; at < from; at++) digest = slide(digest, 0, load<u8>(at));
  let leaving: u64 = 0;
  for (let at = from; at < to; at++) {
    digest = slide(digest, leaving, load<u8>(at));
    if ((digest & CUT_MASK) == 0) return at + 1;
    leaving = load<u8>(at - WINDOW + 1);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function slide(digest: u64, leaving: u64, byte: u64): u64 {
  digest ^= load<u64>(OUT + (<usize>leaving << 3));
  const top = <usize>(digest >> 45);
  return ((digest << 8) | byte) ^ load<u64>(MOD + (top << 3));
}

/** Transposes 16 bytes of each lane at `at + i * lane` into 16 vectors of one byte per lane. */
function gather(at: usize, lane: usize, into: usize): void {
  const r0 = v128.load(at);
  const r1 = v128.load(at + lane);
  const r2 = v128.load(at + lane * 2);
  const r3 = v128.load(at + lane * 3);
  const r4 = v128.load(at + lane * 4);
  const r5 = v128.load(at + lane * 5);
  const r6 = v128.load(at + lane * 6);
  const r7 = v128.load(at + lane * 7);
  at += lane * 8;
  const r8 = v128.load(at);
  const r9 = v128.load(at + lane);
  const ra = v128.load(at + lane * 2);
  const rb = v128.load(at + lane * 3);
  const rc = v128.load(at + lane * 4);
  const rd = v128.load(at + lane * 5);
  const re = v128.load(at + lane * 6);
  const rf = v128.load(at + lane * 7);
  // Four rounds of pairing row i with row i + 8 turn rows into columns.
  const s0 = low(r0, r8);
  const s1 = high(r0, r8);
  const s2 = low(r1, r9);
  const s3 = high(r1, r9);
  const s4 = low(r2, ra);
  const s5 = high(r2, ra);
  const s6 = low(r3, rb);
  const s7 = high(r3, rb);
  const s8 = low(r4, rc);
  const s9 = high(r4, rc);
  const sa = low(r5, rd);
  const sb = high(r5, rd);
  const sc = low(r6, re);
  const sd = high(r6, re);
  const se = low(r7, rf);
  const sf = high(r7, rf);
  const t0 = low(s0, s8);
  const t1 = high(s0, s8);
  const t2 = low(s1, s9);
  const t3 = high(s1, s9);
  const t4 = low(s2, sa);
  const t5 = high(s2, sa);
  const t6 = low(s3, sb);
  const t7 = high(s3, sb);
  const t8 = low(s4, sc);
  const t9 = high(s4, sc);
  const ta = low(s5, sd);
  const tb = high(s5, sd);
  const tc = low(s6, se);
  const td = high(s6, se);
  const te = low(s7, sf);
  const tf = high(s7, sf);
  const u0 = low(t0, t8);
  const u1 = high(t0, t8);
  const u2 = low(t1, t9);
  const u3 = high(t1, t9);
  const u4 = low(t2, ta);
  const u5 = high(t2, ta);
  const u6 = low(t3, tb);
  const u7 = high(t3, tb);
  const u8 = low(t4, tc);
  const u9 = high(t4, tc);
  const ua = low(t5, td);
  const ub = high(t5, td);
  const uc = low(t6, te);
  const ud = high(t6, te);
  const ue = low(t7, tf);
  const uf = high(t7, tf);
  const v0 = low(u0, u8);
  const v1 = high(u0, u8);
  const v2 = low(u1, u9);
  const v3 = high(u1, u9);
  const v4 = low(u2, ua);
  const v5 = high(u2, ua);
  const v6 = low(u3, ub);
  const v7 = high(u3, ub);
  const v8 = low(u4, uc);
  const v9 = high(u4, uc);
  const va = low(u5, ud);
  const vb = high(u5, ud);
  const vc = low(u6, ue);
  const vd = high(u6, ue);
  const ve = low(u7, uf);
  const vf = high(u7, uf);
  v128.store(into, v0, 0);
  v128.store(into, v1, 16);
  v128.store(into, v2, 32);
  v128.store(into, v3, 48);
  v128.store(into, v4, 64);
  v128.store(into, v5, 80);
  v128.store(into, v6, 96);
  v128.store(into, v7, 112);
  v128.store(into, v8, 128);
  v128.store(into, v9, 144);
  v128.store(into, va, 160);
  v128.store(into, vb, 176);
  v128.store(into, vc, 192);
  v128.store(into, vd, 208);
  v128.store(into, ve, 224);
  v128.store(into, vf, 240);
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function pick(table: v128, index: v128): v128 {
  // Indices are below 16, for which both give the same. The relaxed one is a single instruction.
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, index);
  return i8x16.swizzle(table, index);
}

// @ts-ignore: decorator
@inline
function table(n: usize): v128 {
  return v128.load(NIBBLES + (n << 4));
}

/** Scans 16 lanes of `lane` bytes (a multiple of 16) from `from`. Gives as {@link scan} does. */
function scanLanes(from: usize, lane: usize): usize {
  const m0l = table(0);
  const m0h = table(1);
  const m1l = table(2);
  const m1h = table(3);
  const m2l = table(4);
  const m2h = table(5);
  const m3l = table(6);
  const m3h = table(7);
  const m4l = table(8);
  const m4h = table(9);
  const m5l = table(10);
  const m5h = table(11);
  const m6l = table(12);
  const m6h = table(13);
  const o0l = table(14);
  const o0h = table(15);
  const o1l = table(16);
  const o1h = table(17);
  const o2l = table(18);
  const o2h = table(19);
  const o3l = table(20);
  const o3h = table(21);
  const o4l = table(22);
  const o4h = table(23);
  const o5l = table(24);
  const o5h = table(25);
  const o6l = table(26);
  const o6h = table(27);
  const nibble = i8x16.splat(15);
  const zero = i64x2.splat(0);
  const low3 = i8x16.splat(7);
  const low7 = i8x16.splat(127);
  const clear3 = i8x16.splat(-8);
  memory.fill(RING, 0, GROUP * GROUPS);
  let p0 = zero;
  let p1 = zero;
  let p2 = zero;
  let p3 = zero;
  let p4 = zero;
  let p5 = zero;
  let p6 = zero;
  let best: usize = 0;
  let slot = RING;
  /** Lanes in which a cut would come before the best one known. */
  let wanted: i32 = 0xffff;
  const end = lane + WINDOW;
  for (let done: usize = 0; done < end; done += 16) {
    gather(from - WINDOW + done, lane, slot);
    let leaveFrom = slot + GROUP;
    if (leaveFrom == RING + GROUP * GROUPS) leaveFrom = RING;
    let found = zero;
    for (let at: usize = 0; at < GROUP; at += 16) {
      const byte = v128.load(slot + at);
      const leaving = v128.load(leaveFrom + at);
      const l = v128.and(leaving, nibble);
      const h = v128.and(i16x8.shr_u(leaving, 4), nibble);
      const top = v128.xor(p6, v128.xor(pick(o6l, l), pick(o6h, h)));
      const tl = v128.and(top, nibble);
      const th = v128.and(i16x8.shr_u(top, 4), nibble);
      p6 = v128.xor(v128.xor(p5, v128.xor(pick(o5l, l), pick(o5h, h))), v128.xor(pick(m6l, tl), pick(m6h, th)));
      p5 = v128.xor(v128.xor(p4, v128.xor(pick(o4l, l), pick(o4h, h))), v128.xor(pick(m5l, tl), pick(m5h, th)));
      p4 = v128.xor(v128.xor(p3, v128.xor(pick(o3l, l), pick(o3h, h))), v128.xor(pick(m4l, tl), pick(m4h, th)));
      p3 = v128.xor(v128.xor(p2, v128.xor(pick(o2l, l), pick(o2h, h))), v128.xor(pick(m3l, tl), pick(m3h, th)));
      p2 = v128.xor(v128.xor(p1, v128.xor(pick(o1l, l), pick(o1h, h))), v128.xor(pick(m2l, tl), pick(m2h, th)));
      p1 = v128.xor(v128.xor(p0, v128.xor(pick(o0l, l), pick(o0h, h))), v128.xor(pick(m1l, tl), pick(m1h, th)));
      p1 = v128.xor(p1, v128.and(i16x8.shr_u(byte, 5), low3));
      p0 = v128.xor(v128.and(i16x8.shl(byte, 3), clear3), v128.xor(pick(m0l, tl), pick(m0h, th)));
      found = v128.or(found, i8x16.eq(v128.or(v128.or(p0, p1), v128.and(p2, low7)), zero));
    }
    slot = leaveFrom;
    if (done >= WINDOW && v128.any_true(found)) {
      const mask = i8x16.bitmask(found) & wanted;
      if (mask != 0) {
        // Lanes follow each other in the file: the lowest lane holds the first cut.
        const index = ctz(mask);
        const start = from + <usize>index * lane + done - WINDOW;
        best = scanPlain(start, start + 16);
        if (index == 0) return best;
        wanted = (1 << index) - 1;
      }
    }
  }
  return best;
}
