/** Which code points Go's `strconv.Quote` leaves as they are (docs/format.md, section 9, names). */
import { PRINTABLE_RANGES } from "#format/printable-ranges.ts";

/** First and last code point of each range, ascending. */
function expand(): Uint32Array {
  const numbers = PRINTABLE_RANGES.split(" ").map((text) => parseInt(text, 36));
  const bounds = new Uint32Array(numbers.length);
  let at = 0;
  for (const [i, number] of numbers.entries()) bounds[i] = at += number;
  return bounds;
}

let bounds: Uint32Array | undefined;

/** True for printable code points of Unicode 15.0, whatever the runtime's own tables say. */
export function isPrintable(code: number): boolean {
  if (code < 0x7f) return code >= 0x20;
  bounds ??= expand();
  let low = 0;
  let high = bounds.length / 2 - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[2 * middle + 1]! < code) low = middle + 1;
    else high = middle;
  }
  return code >= bounds[2 * low]! && code <= bounds[2 * low + 1]!;
}
