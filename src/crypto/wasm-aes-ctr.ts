/** AES-256-CTR in WebAssembly: assembly/aes-ctr.as. docs/format.md, section 3. */
import { loadKernel } from "#base/wasm-kernel.ts";
import { AES_CTR_WASM } from "#crypto/aes-ctr.wasm.ts";

/** Places in the kernel's memory; see assembly/aes-ctr.as. */
const COUNTER = 240;
const TABLES = 1024;
const SBOX = 5120;
const DATA = 8192;
const DATA_LENGTH = 64 * 1024;
/** FIPS 197: 14 rounds for a 256-bit key, and one key more. */
const KEY_WORDS = 60;

/** Multiplication by x in AES's field. */
const double = (a: number): number => ((a << 1) ^ (a >> 7 === 1 ? 0x11b : 0)) & 0xff;

/** The S-box from its definition: the inverse in the field, then an affine map. */
function makeSbox(): Uint8Array {
  const sbox = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    // p runs through all elements by times 3, q through their inverses by divided by 3.
    p = p ^ double(p);
    q ^= q << 1;
    q ^= q << 2;
    q = (q ^ (q << 4)) & 0xff;
    if ((q & 0x80) !== 0) q ^= 0x09;
    const turned = q | (q << 8);
    const sum = turned ^ (turned >> 4) ^ (turned >> 5) ^ (turned >> 6) ^ (turned >> 7);
    sbox[p] = (sum ^ 0x63) & 0xff;
  } while (p !== 1);
  sbox[0] = 0x63;
  return sbox;
}

const sbox = makeSbox();

/** A function that en- or decrypts from a counter block on; what it gives is new. */
export function createWasmCtr(
  key: Uint8Array,
): (counter: Uint8Array, bytes: Uint8Array) => Uint8Array {
  const { memory, call } = loadKernel<"crypt">(AES_CTR_WASM);
  new Uint32Array(memory.buffer, 0, KEY_WORDS).set(expandKey(key));
  memory.set(sbox, SBOX);
  const tables = new Uint32Array(memory.buffer, TABLES, 1024);
  for (let i = 0; i < 256; i++) {
    const s = sbox[i]!;
    const word = (double(s) << 24) | (s << 16) | (s << 8) | (double(s) ^ s);
    for (let turn = 0; turn < 4; turn++) {
      tables[256 * turn + i] =
        turn === 0 ? word : (word >>> (8 * turn)) | (word << (32 - 8 * turn));
    }
  }
  return (counter, bytes) => {
    const out = new Uint8Array(bytes.length);
    memory.set(counter, COUNTER);
    for (let at = 0; at < bytes.length; at += DATA_LENGTH) {
      const part = bytes.subarray(at, at + DATA_LENGTH);
      memory.set(part, DATA);
      call.crypt(part.length);
      out.set(memory.subarray(DATA, DATA + part.length), at);
    }
    return out;
  };
}

/** FIPS 197, section 5.2. */
function expandKey(key: Uint8Array): Uint32Array {
  const words = new Uint32Array(KEY_WORDS);
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  for (let i = 0; i < 8; i++) words[i] = view.getUint32(4 * i);
  let constant = 1;
  for (let i = 8; i < KEY_WORDS; i++) {
    let word = words[i - 1]!;
    if (i % 8 === 0) {
      word = substitute((word << 8) | (word >>> 24)) ^ (constant << 24);
      constant = double(constant);
    } else if (i % 8 === 4) {
      word = substitute(word);
    }
    words[i] = words[i - 8]! ^ word;
  }
  return words;
}

function substitute(word: number): number {
  return (
    (sbox[word >>> 24]! << 24) |
    (sbox[(word >>> 16) & 0xff]! << 16) |
    (sbox[(word >>> 8) & 0xff]! << 8) |
    sbox[word & 0xff]!
  );
}
