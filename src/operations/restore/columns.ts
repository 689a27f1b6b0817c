/**
 * Growable columns of numbers and bytes: a million entries as a few flat arrays instead of a
 * million objects. Grown by half, so that at most a third is unused.
 */

/** The arrays of columns; they own their memory. */
export type Numbers =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** One number per row. `values` is replaced when it grows: read it anew after a push. */
export class Column<T extends Numbers> {
  values: T;
  length = 0;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.values = make(64);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.#grow(this.length + 1);
    this.values[this.length++] = value;
  }

  /** Appends `count` zeros. */
  extend(count: number): void {
    if (this.length + count > this.values.length) this.#grow(this.length + count);
    this.length += count;
  }

  /** Drops rows from the end. */
  cut(length: number): void {
    this.values.fill(0, length, this.length);
    this.length = length;
  }

  #grow(needed: number): void {
    const grown = this.#make(Math.max(needed, Math.ceil(this.values.length * 1.5)));
    grown.set(this.values);
    // Gives the old memory back at once: left to the collector, it was half of a selection's peak.
    this.values.buffer.transfer(0);
    this.values = grown;
  }
}

export const u8 = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length);
export const u32 = (length: number): Uint32Array<ArrayBuffer> => new Uint32Array(length);
export const f64 = (length: number): Float64Array<ArrayBuffer> => new Float64Array(length);

/** Byte strings one after the other; row i ends where `ends[i]` says. */
export class ByteStrings {
  readonly #bytes = new Column(u8);
  /** Float64: heaps beyond 4 GiB are possible with hundreds of millions of names. */
  readonly #ends = new Column(f64);

  get length(): number {
    return this.#ends.length;
  }

  /** Copies the bytes in. */
  push(bytes: Uint8Array): void {
    const at = this.#bytes.length;
    this.#bytes.extend(bytes.length);
    this.#bytes.values.set(bytes, at);
    this.#ends.push(this.#bytes.length);
  }

  /** A view, valid until the next push. */
  at(row: number): Uint8Array {
    const start = row === 0 ? 0 : this.#ends.values[row - 1]!;
    return this.#bytes.values.subarray(start, this.#ends.values[row]);
  }
}
