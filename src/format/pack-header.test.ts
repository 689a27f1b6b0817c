import fc from "fast-check";
import { expect, test } from "vitest";
import { isCofferError } from "#base/errors.ts";
import {
  decodePackHeader,
  EAGER_HEADER_BYTES,
  encodeHeaderLength,
  encodePackHeader,
  headerBytes,
  MAX_HEADER_BYTES,
  MAX_PACK_ENTRIES,
  MIN_PACK_BYTES,
  packBytes,
  readHeaderLength,
  type PackEntry,
} from "#format/pack-header.ts";

const entries: fc.Arbitrary<PackEntry[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom("data", "tree"),
      id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      length: fc.integer({ min: 32, max: 100_000_000 }),
      rawLength: fc.integer({ min: 0, max: 100_000_000 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => {
    let offset = 0;
    return list.map((entry) => {
      const placed = { ...entry, offset };
      offset += entry.length;
      return placed;
    });
  });

test("headers come back as they were, offsets summed from the lengths", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const header = encodePackHeader(list);
      const blobs = list.reduce((sum, entry) => sum + entry.length, 0);
      expect(decodePackHeader(header, 2, blobs)).toEqual(list);
      expect(packBytes(list)).toBe(blobs + header.length + 36);
      const packed = list.filter((entry) => entry.rawLength > 0).length;
      expect(headerBytes(list.length - packed, packed)).toBe(header.length + 36);
      expect(() => decodePackHeader(header, 2, blobs + 1)).toThrow(/the pack has/);
      expect(() => decodePackHeader(header.subarray(1), 2, blobs)).toThrow(
        expect.objectContaining({ code: "BAD_FORMAT" }),
      );
    }),
  );
});

test("any bytes give entries or a clear error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 130 }), (bytes) => {
      try {
        decodePackHeader(bytes, 2, 1000);
      } catch (error) {
        if (!isCofferError(error, "BAD_FORMAT")) throw error;
      }
    }),
  );
});

test("impossible entries and lengths are refused", () => {
  const id = new Uint8Array(32);
  const entry = { type: "data", id, offset: 0, length: 40, rawLength: 5 } as const;
  expect(() => decodePackHeader(encodePackHeader([entry]), 1)).toThrow(/version 1/);
  expect(() => decodePackHeader(encodePackHeader([{ ...entry, length: 31 }]), 2)).toThrow(/31/);
  expect(() => decodePackHeader(new Uint8Array(0), 2)).toThrow(/empty/);
  expect(() => decodePackHeader(Uint8Array.of(4), 2)).toThrow(/type 4/);
  const huge = { ...entry, length: 0xffff_ffff };
  expect(() => decodePackHeader(encodePackHeader([huge, huge]), 2)).toThrow(/4 GiB/);
  const zero = encodePackHeader([entry]);
  zero.fill(0, 5, 9);
  expect(() => decodePackHeader(zero, 2)).toThrow(/without content/);

  expect(readHeaderLength(encodeHeaderLength(69), MIN_PACK_BYTES)).toBe(69);
  for (const [length, size] of [
    [68, 1000],
    [0, 1000],
    [69, 72],
    [998, 1000],
  ] as const) {
    expect(() => readHeaderLength(encodeHeaderLength(length), size)).toThrow(
      expect.objectContaining({ code: "BAD_FORMAT" }),
    );
  }
  expect(() => readHeaderLength(encodeHeaderLength(MAX_HEADER_BYTES + 1), 1e9)).toThrow(
    expect.objectContaining({ code: "TOO_LARGE" }),
  );
});

test("the limits are the ones that other clients have", () => {
  expect(EAGER_HEADER_BYTES).toBe(651);
  expect(MIN_PACK_BYTES).toBe(73);
  expect(MAX_PACK_ENTRIES * 41 + 32).toBeLessThanOrEqual(MAX_HEADER_BYTES);
});
