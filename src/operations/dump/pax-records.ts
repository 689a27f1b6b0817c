/** Records of an extended header: `length key=value\n`, the length counting itself (POSIX pax). */
import { concatBytes, utf8 } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";

/** Collects the records of one entry. */
export class PaxRecords {
  readonly #records: Uint8Array[] = [];
  #binary = false;

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** @param isText false: the value is not UTF-8 although the key asks for it */
  add(key: Uint8Array | string, value: Uint8Array | string, isText = true): void {
    if (!isText) this.#binary = true;
    this.#records.push(record(bytesOf(key), bytesOf(value)));
  }

  /** All records; those who read them are told first when names are not UTF-8. */
  take(): Uint8Array {
    const head = this.#binary ? [record(utf8("hdrcharset"), utf8("BINARY"))] : [];
    return concatBytes([...head, ...this.#records]);
  }
}

function bytesOf(text: Uint8Array | string): Uint8Array {
  return typeof text === "string" ? utf8(text) : text;
}

function record(key: Uint8Array, value: Uint8Array): Uint8Array {
  // Blank, equals sign, line end.
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return concatBytes([utf8(`${length} `), key, EQUALS, value, NEWLINE]);
}

const EQUALS = utf8("=");
const NEWLINE = utf8("\n");

/** Seconds with a fraction, also before 1970. */
export function paxTime({ seconds, nanos }: Timestamp): string {
  if (nanos === 0) return String(seconds);
  // Before 1970 the fraction counts away from zero as well.
  const negative = seconds < 0;
  const whole = negative ? -(seconds + 1) : seconds;
  const part = negative ? 1_000_000_000 - nanos : nanos;
  const fraction = String(part).padStart(9, "0").replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}.${fraction}`;
}
