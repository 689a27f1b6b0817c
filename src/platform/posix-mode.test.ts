import fc from "fast-check";
import { expect, test } from "vitest";
import { goModeOf, nodeTypeOf, permissionsOf, posixModeOf } from "#platform/posix-mode.ts";

const DOCUMENTED: readonly (readonly [number, string, number])[] = [
  [0o040755, "dir", 2_147_484_141],
  [0o120777, "symlink", 134_218_239],
  [0o020644, "chardev", 69_206_436],
  [0o060640, "dev", 67_109_280],
  [0o010644, "fifo", 33_554_852],
  [0o104755, "file", 8_389_101],
  [0o041777, "dir", 2_148_532_735],
  [0o100644, "file", 0o644],
  [0o102755, "file", 4_194_304 + 0o755],
  [0o140755, "socket", 16_777_216 + 0o755],
  [0o150000, "irregular", 524_288],
];

test.each(DOCUMENTED)("st_mode %o is a %s of Go mode %i", (posix, type, go) => {
  expect(nodeTypeOf(posix)).toBe(type);
  expect(goModeOf(posix)).toBe(go);
});

test("every mode of a known type survives both ways", () => {
  const types = [0o140000, 0o120000, 0o100000, 0o060000, 0o040000, 0o020000, 0o010000];
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.integer({ min: 0, max: 0o7777 }), (type, bits) => {
      const go = goModeOf(type | bits);
      expect(permissionsOf(go)).toBe(bits);
      expect(posixModeOf(nodeTypeOf(type), go)).toBe(type | bits);
    }),
  );
});
