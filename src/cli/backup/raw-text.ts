/** Between text of the command line and raw paths. */
import type { CliIo } from "#cli/cli-io.ts";

const encoder = new TextEncoder();

/**
 * Raw bytes of a text made by `pathToText`: U+DC80 to U+DCFF stand for bytes that are not UTF-8.
 */
export function textToPath(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const out: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00);
    else out.push(...encoder.encode(character));
  }
  return Uint8Array.from(out);
}

/** An argument's raw bytes: a name that is not UTF-8 reached us with U+FFFD in its place. */
export function argumentToPath(argument: string, io: CliIo): Uint8Array {
  if (!argument.includes("\uFFFD")) return encoder.encode(argument);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const raw = io.rawArguments().find((word) => decoder.decode(word) === argument);
  return raw ?? encoder.encode(argument);
}
