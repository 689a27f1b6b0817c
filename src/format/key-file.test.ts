import { expect, test } from "vitest";
import { fromUtf8, toBase64, utf8 } from "#base/bytes.ts";
import { checkScrypt, decodeKeyFile, decodeMasterKey, encodeKeyFile } from "#format/key-file.ts";
import keys from "../../test/vectors/keys.json" with { type: "json" };

const text = keys.keys[0]!.keyFileText;

function withField(name: string, value: unknown): Uint8Array {
  const fields = JSON.parse(text) as Record<string, unknown>;
  return utf8(JSON.stringify({ ...fields, [name]: value }));
}

test("parameters that no sound key has are refused before anything is derived", () => {
  const code = (N: number, r: number, p: number): unknown => {
    try {
      checkScrypt({ N, r, p });
      return "fine";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(code(32_768, 8, 6)).toBe("fine");
  expect(code(2, 1, 1)).toBe("fine");
  expect(code(131_072, 8, 1)).toBe("fine");
  expect(code(262_144, 8, 1)).toBe("fine");
  for (const N of [0, 1, 3, 32_767, 1.5, 2 ** 40]) expect(code(N, 8, 1), `${N}`).toBe("BAD_FORMAT");
  expect(code(32_768, 0, 1)).toBe("BAD_FORMAT");
  expect(code(32_768, 8, 0)).toBe("BAD_FORMAT");
  expect(code(2 ** 20, 8, 1)).toBe("TOO_LARGE");
  expect(code(2, 2 ** 21, 1)).toBe("TOO_LARGE");
  expect(code(32_768, 8, 1000)).toBe("TOO_LARGE");
});

test("damaged key files are refused with the reason", () => {
  const cases = [
    [withField("kdf", "argon2"), /scrypt/],
    [withField("salt", toBase64(new Uint8Array(63))), /salt/],
    [withField("salt", "*"), /salt/],
    [withField("data", toBase64(new Uint8Array(32))), /cut off/],
    [withField("created", "today"), /time/],
    [withField("N", -2), /whole number/],
    [withField("N", 2 ** 30), /too much memory/],
    [utf8("not json"), /an object/],
    [new Uint8Array(100_000), /too large/],
  ] as const;
  for (const [bytes, reason] of cases) expect(() => decodeKeyFile(bytes)).toThrow(reason);
  expect(decodeKeyFile(withField("toString", 5)).N).toBe(32_768);
  expect(fromUtf8(encodeKeyFile(decodeKeyFile(utf8(text))))).toBe(text);
});

test("a master key must be whole and not zero, and errors show none of it", () => {
  const sixteen = toBase64(new Uint8Array(16).fill(0x5a));
  const full = toBase64(new Uint8Array(32).fill(0x5a));
  const master = (k: string, r: string, encrypt: string): Uint8Array =>
    utf8(JSON.stringify({ mac: { k, r }, encrypt }));
  expect(decodeMasterKey(master(sixteen, sixteen, full)).macK.length).toBe(16);
  const zero16 = toBase64(new Uint8Array(16));
  const bad = [
    master(zero16, sixteen, full),
    master(sixteen, zero16, full),
    master(sixteen, sixteen, toBase64(new Uint8Array(32))),
    master(full, sixteen, full),
    master(sixteen, sixteen, sixteen),
    utf8("{}"),
    utf8(`{"encrypt":"${full}"}`),
  ];
  for (const bytes of bad) {
    expect(() => decodeMasterKey(bytes)).toThrow(
      expect.objectContaining({ code: "BAD_FORMAT", message: expect.not.stringContaining("Wlpa") }),
    );
  }
});
