/** Ids: 32 bytes of SHA-256 as 64 lower-case hex digits (docs/format.md, section 1). */
import { fromHex, toHex } from "#base/bytes.ts";

declare const hexId: unique symbol;

/** 64 lower-case hex digits. Only {@link parseId} and {@link idFromBytes} make one. */
export type HexId = string & { readonly [hexId]: true };

export const ID_BYTES = 32;

/** Hex digits that people see of an id, as restic shows them. */
const SHORT_DIGITS = 8;

/** The id written in `text`, or undefined when it is not 64 lower-case hex digits. */
export function parseId(text: string): HexId | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as HexId) : undefined;
}

/** The first eight digits, for display. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_DIGITS);
}

/** Hex of the 32 bytes at `at`. The caller guarantees that they are there. */
export function idFromBytes(bytes: Uint8Array, at = 0): HexId {
  return toHex(bytes, at, at + ID_BYTES) as HexId;
}

/** The 32 bytes of an id, newly allocated. */
export function idToBytes(id: HexId): Uint8Array {
  return fromHex(id)!;
}
