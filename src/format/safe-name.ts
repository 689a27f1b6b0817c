/**
 * Which names from a tree may become names of files. A tree may be hostile: a name is refused
 * before it can lead outside the target folder or to another object than it says.
 */
import { CofferError } from "#base/errors.ts";
import { quoteName } from "#format/node-name.ts";
import { decodeUtf8 } from "#format/utf8-go.ts";

const SLASH = 0x2f;
const DOT = 0x2e;

/** Device names that Windows finds in every folder, with any extension. */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|con(?:in|out)\$)(?:\.|:|$| )/i;
/** Separators, streams, wildcards and control characters. */
// oxlint-disable-next-line no-control-regex
const WINDOWS_CHARACTER = /[\\:*?"<>|\u0000-\u001f]/;

/** Why a raw name cannot be used, or undefined when it is fine. */
export function nameProblem(raw: Uint8Array, windows = false): string | undefined {
  if (raw.length === 0) return "it is empty";
  if (raw[0] === DOT && (raw.length === 1 || (raw.length === 2 && raw[1] === DOT))) {
    return "it stands for another folder";
  }
  for (const byte of raw) {
    if (byte === SLASH) return "it contains a slash";
    if (byte === 0) return "it contains a zero byte";
  }
  return windows ? windowsProblem(decodeUtf8(raw)) : undefined;
}

function windowsProblem(name: string): string | undefined {
  if (WINDOWS_CHARACTER.test(name)) return "it contains a character that Windows reserves";
  if (/[. ]$/.test(name)) return "it ends in a dot or space, which Windows drops";
  return WINDOWS_DEVICE.test(name) ? "it is a device name on Windows" : undefined;
}

/**
 * Refuses a name that must not be created or looked up in a file system.
 * @param windows also refuse what Windows treats specially
 * @throws UNSAFE_PATH
 */
export function validateNodeName(raw: Uint8Array, windows = false): void {
  const problem = nameProblem(raw, windows);
  if (problem !== undefined) {
    throw new CofferError("UNSAFE_PATH", `The name "${quoteName(raw)}" was refused: ${problem}`);
  }
}
