import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { createWasmBlobIndex } from "#kernels/blob-index.ts";
import type { BlobIndex } from "#repository/blob-index.ts";
import { createMapBlobIndex } from "#repository/map-blob-index.ts";

const wasm = (): BlobIndex => createWasmBlobIndex({ shared: false });
const hex = (n: number): string => n.toString(16).padStart(64, "0");

function contentOf(index: BlobIndex): string[] {
  const lines: string[] = [];
  index.forEach((type, id, { pack, offset, length, rawLength }) => {
    const packId = toHex(index.packId(pack));
    lines.push([type, toHex(id), packId, offset, length, rawLength].join(" "));
  });
  return lines.toSorted();
}

/** What loading gives: the content, or the fact of BAD_FORMAT. Anything else thrown is a defect. */
function load(index: BlobIndex, json: Uint8Array): unknown {
  try {
    return [index.loadIndexFile(json), index.packCount, contentOf(index)];
  } catch (error) {
    if (isCofferError(error, "BAD_FORMAT")) return "BAD_FORMAT";
    throw error;
  }
}

/**
 * Text of a JSON value with its members in random order and random white space around each token.
 */
const space = fc
  .array(fc.constantFrom(" ", "\n", "\r", "\t"), { maxLength: 2 })
  .map((all) => all.join(""));

function objectText(members: readonly (readonly [string, string])[]): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.shuffledSubarray([...members], { minLength: members.length }),
      fc.array(space, { minLength: 4, maxLength: 4 }),
    )
    .map(([all, [a, b, c, d]]) => {
      const inner = all.map(([name, value]) => `${a}${name}${b}:${c}${value}${d}`).join(",");
      return `{${inner}}`;
    });
}

const listText = (items: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(space, space).map(([a, b]) => `${a}[${items.map((i) => b + i + a).join(",")}]`);

/** A string token of this text, perhaps with some characters as \u escapes. */
const stringText = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(JSON.stringify(text)) },
    fc.nat(text.length - 1).map((i) => {
      const code = text.charCodeAt(i).toString(16).padStart(4, "0");
      return `"${text.slice(0, i)}\\u${code}${text.slice(i + 1)}"`;
    }),
  );

const unknown: fc.Arbitrary<readonly [string, string]> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom("supersedes", "packs_to_delete", "time", "size", "Id", "idx", "types"),
      fc.string({ unit: "grapheme" }).map((text) => `?${text}`),
    ),
    fc.jsonValue({ maxDepth: 4 }),
  )
  .map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)] as const);
const extras = fc.array(unknown, { maxLength: 2 });

const u32 = fc.oneof(fc.nat(100), fc.integer({ min: 0, max: 0xffff_ffff })).map(String);
const idText = fc.nat(40).chain((n) => stringText(n % 3 ? hex(n) : hex(n * 171).toUpperCase()));
const blobText = fc
  .tuple(
    idText,
    fc.constantFrom("data", "tree").chain(stringText),
    u32,
    u32,
    fc.option(fc.oneof(u32, fc.constant("null"))),
    extras,
    stringText("length"),
  )
  .chain(([id, type, offset, length, raw, more, lengthName]) =>
    objectText([
      ['"id"', id],
      ['"type"', type],
      ['"offset"', offset],
      [lengthName, length],
      ...(raw === null ? [] : [['"uncompressed_length"', raw] as const]),
      ...more,
    ]),
  );
const packText = fc
  .tuple(
    idText,
    fc.oneof(
      { weight: 9, arbitrary: fc.array(blobText, { maxLength: 5 }).chain(listText) },
      fc.constant("null"),
    ),
    extras,
  )
  .chain(([id, blobs, more]) => objectText([['"id"', id], ['"blobs"', blobs], ...more]));
const indexText = fc
  .tuple(fc.array(packText, { maxLength: 4 }).chain(listText), extras)
  .chain(([packs, more]) => objectText([['"packs"', packs], ...more]));

test("random documents give the same content as JSON.parse", () => {
  fc.assert(
    fc.property(indexText, (text) => {
      const expected = load(createMapBlobIndex(), utf8(text));
      expect(expected).not.toBe("BAD_FORMAT");
      expect(load(wasm(), utf8(text))).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

test("a document with random bytes changed is refused or read as JSON.parse reads it", () => {
  const change = fc.tuple(fc.nat(), fc.constantFrom("set", "cut", "insert", "repeat"), fc.nat(255));
  const likely = fc.constantFrom(...utf8('{}[]",:\\0-.eEu \n'));
  const changes = fc.array(fc.oneof(change, fc.tuple(fc.nat(), fc.constant("set"), likely)), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(indexText, changes, (text, all) => {
      let bytes = [...utf8(text)];
      for (const [where, how, byte] of all) {
        const i = where % bytes.length;
        if (how === "set") bytes[i] = byte;
        else if (how === "cut") bytes.splice(i, 1 + (byte % 8));
        else if (how === "insert") bytes.splice(i, 0, byte);
        else bytes.splice(i, 0, ...bytes.slice(i, i + byte));
        if (bytes.length === 0) bytes = [0x20];
      }
      const got = load(wasm(), new Uint8Array(bytes));
      if (got !== "BAD_FORMAT") {
        expect(got).toEqual(load(createMapBlobIndex(), new Uint8Array(bytes)));
      }
    }),
    { numRuns: 1000 },
  );
});

const BLOB = `{"id":"${hex(1)}","type":"data","offset":0,"length":48,"uncompressed_length":7}`;
const pack = (blobs: string): string => `{"packs":[{"id":"${hex(9)}","blobs":[${blobs}]}]}`;
const nested = (levels: number): string =>
  `{"x":${"[".repeat(levels)}${"]".repeat(levels)},"packs":[]}`;

test("every cut of a document is refused", () => {
  const text = utf8(pack(`${BLOB},{"x":"\\u00e9\\n",${BLOB.slice(1)}`));
  for (let end = 0; end < text.length; end++) {
    expect(load(wasm(), text.subarray(0, end)), `cut at ${end}`).toBe("BAD_FORMAT");
  }
  expect(load(wasm(), text)).toHaveLength(3);
});

describe.each([
  ["the plain index", createMapBlobIndex],
  ["the table", wasm],
])("%s", (_name, create) => {
  test.each<[string, string]>([
    ["empty text", ""],
    ["only white space", "  \n"],
    ["a bare list", "[]"],
    ["no packs", "{}"],
    ["packs no list", '{"packs":{}}'],
    ["a pack no object", '{"packs":[[]]}'],
    ["a pack null", '{"packs":[null]}'],
    ["no pack id", '{"packs":[{"blobs":[]}]}'],
    ["no blobs", `{"packs":[{"id":"${hex(1)}"}]}`],
    ["a blob no object", pack("3")],
    ["a short id", pack(BLOB.replace(hex(1), "00"))],
    ["a long id", pack(BLOB.replace(hex(1), `${hex(1)}0`))],
    ["an id with other characters", pack(BLOB.replace("000", "0x0"))],
    ["an unknown type", pack(BLOB.replace("data", "dato"))],
    ["no type", pack(BLOB.replace('"type":"data",', ""))],
    ["no offset", pack(BLOB.replace('"offset":0,', ""))],
    ["a negative number", pack(BLOB.replace("48", "-48"))],
    ["minus zero", pack(BLOB.replace("48", "-0"))],
    ["a fraction", pack(BLOB.replace("48", "48.5"))],
    ["a number of 33 bits", pack(BLOB.replace("48", "4294967296"))],
    ["a number of 30 digits", pack(BLOB.replace("48", "1".repeat(30)))],
    ["a number in quotes", pack(BLOB.replace("48", '"48"'))],
    ["a leading zero", pack(BLOB.replace("48", "048"))],
    ["a null offset", pack(BLOB.replace('"offset":0', '"offset":null'))],
    ["a comma at the end of a list", pack(`${BLOB},`)],
    ["a comma at the end of an object", '{"packs":[],}'],
    ["no comma", pack(`${BLOB} ${BLOB}`)],
    ["text behind", '{"packs":[]} x'],
    ["a NUL behind", '{"packs":[]}\0'],
    ["a byte-order mark", '\uFEFF{"packs":[]}'],
    ["a line break in a string", '{"x":"\n","packs":[]}'],
    ["a bad escape", '{"x":"\\x","packs":[]}'],
    ["a short escape", '{"x":"\\u12","packs":[]}'],
    ["65 levels", nested(64)],
    ["100,000 levels", nested(100_000)],
    ["a wrong literal", '{"x":nul,"packs":[]}'],
    ["a literal too long", '{"x":truex,"packs":[]}'],
    ["a bare number dot", '{"x":1.,"packs":[]}'],
    ["a bare exponent", '{"x":1e,"packs":[]}'],
  ])("refuses %s", (_case, text) => {
    expect(load(create(), utf8(text))).toBe("BAD_FORMAT");
  });

  test("takes 64 levels and every kind of value it skips", () => {
    const odd = '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud800é"';
    const text = `{"x":[${odd},-0.5e+10,1E9,0,true,false,null,{},[],{${odd}:[{}]}],"packs":null}`;
    expect(load(create(), utf8(text))).toEqual([0, 0, []]);
    expect(load(create(), utf8(nested(63)))).toEqual([0, 0, []]);
  });
});

test("the table refuses what JSON.parse resolves silently", () => {
  for (const text of [
    pack(BLOB.replace("{", '{"offset":1,')),
    pack(BLOB.replace("48", "48.0")),
    `{"packs":[],"packs":[]}`,
  ]) {
    expect(load(createMapBlobIndex(), utf8(text))).not.toBe("BAD_FORMAT");
    expect(load(wasm(), utf8(text))).toBe("BAD_FORMAT");
  }
});

test("an error names the byte and the reason, and the next file loads", () => {
  const index = wasm();
  expect(() => index.loadIndexFile(utf8('{"packs":[{"id":7}]}'))).toThrow(
    expect.objectContaining({
      code: "BAD_FORMAT",
      message: "Index file, byte 16: an id is not 64 hex digits",
      data: { position: 16 },
    }),
  );
  expect(() => index.loadIndexFile(utf8("[]"))).toThrow(/restic 0\.1/);
  expect(index.loadIndexFile(utf8(pack(BLOB)))).toBe(1);
});

test("more blobs than a batch, before and behind the pack's id", () => {
  const blobs = Array.from({ length: 2500 }, (_, i) => BLOB.replace(hex(1), hex(i))).join(",");
  const [before, behind] = [
    `"blobs":[${blobs}],"id":"${hex(9)}"`,
    `"id":"${hex(8)}","blobs":[${blobs}]`,
  ];
  const text = `{"packs":[{${before}},{${behind}}]}`;
  const index = wasm();
  expect(index.loadIndexFile(utf8(text))).toBe(5000);
  expect(load(wasm(), utf8(text))).toEqual(load(createMapBlobIndex(), utf8(text)));
  expect(index.packCount).toBe(2);
});
