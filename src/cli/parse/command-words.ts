/**
 * Splits a command given as one text into words, without a shell: blanks separate, '…' and "…"
 * hold together, a backslash keeps the next character outside of single quotes.
 */
import { CofferError } from "#base/errors.ts";

/** At least one word. @throws BAD_OPTION for an open quote, a trailing backslash, or no word */
export function splitCommand(option: string, text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\\" && quote !== "'") {
      i++;
      if (i === text.length) throw refuse(option, "ends with a backslash");
      word = (word ?? "") + text[i]!;
    } else if (quote !== "") {
      if (c === quote) quote = "";
      else word = (word ?? "") + c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + c;
  }
  if (quote !== "")
    throw refuse(option, `has an open ${quote === "'" ? "single" : "double"} quote`);
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw refuse(option, "is empty");
  return words;
}

function refuse(option: string, problem: string): CofferError {
  // The text itself may hold a secret and is never shown.
  return new CofferError("BAD_OPTION", `the command of ${option} ${problem}`);
}
