/** Text files that people write: UTF-8, or UTF-8/UTF-16 told by a byte-order mark. */
import { CofferError } from "#base/errors.ts";

/** The text without its byte-order mark. @throws BAD_OPTION naming the file when it is not text */
export function decodeTextFile(path: string, bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CofferError("BAD_OPTION", `${path} is not text in ${encoding.toUpperCase()}`);
  }
}
