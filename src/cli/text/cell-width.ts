/**
 * How many terminal cells a text takes, and cutting it to fit. Precise enough for columns and the
 * progress line: combining marks 0, East Asian wide and emoji 2, the rest 1.
 */

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Hangul, CJK and its punctuation, full-width forms, emoji: East Asian Width W and F. */
const WIDE = new RegExp(
  "^[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7a3" +
    "\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6" +
    "\\u{1f300}-\\u{1f64f}\\u{1f680}-\\u{1faff}\\u{20000}-\\u{3fffd}]$",
  "u",
);

function characterWidth(character: string): number {
  if (character >= " " && character <= "~") return 1;
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Cells that a text without control characters takes. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The text padded with spaces on the right to at least `width` cells. */
export function padCells(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cellWidth(text)));
}

/** The longest beginning of a text that fits into `width` cells, ending in … when cut. */
export function truncateCells(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  if (width < 1) return "";
  let out = "";
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width - 1) break;
    out += character;
  }
  return `${out}…`;
}

/** Like {@link truncateCells}, keeping the end: the telling part of a path. */
export function truncateCellsStart(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  if (width < 1) return "";
  let out = "";
  let used = 0;
  for (const character of Array.from(text).toReversed()) {
    used += characterWidth(character);
    if (used > width - 1) break;
    out = character + out;
  }
  return `…${out}`;
}
