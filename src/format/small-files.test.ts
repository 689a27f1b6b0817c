import { expect, test } from "vitest";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import { decodeConfig, encodeConfig } from "#format/config.ts";
import { idFromBytes, idToBytes, parseId, shortId } from "#format/id.ts";
import { encodeIndexFile, readIndexFile } from "#format/index-file.ts";
import { decodeLock, encodeLock } from "#format/lock.ts";
import { decodeUnpacked, encodeUnpacked } from "#format/unpacked.ts";

const ID = "0123456789abcdef".repeat(4);

test("ids are 64 lower-case hex digits", () => {
  const id = parseId(ID)!;
  expect(idFromBytes(idToBytes(id))).toBe(ID);
  expect(shortId(id)).toBe("01234567");
  for (const text of ["", ID.toUpperCase(), ID.slice(1), `${ID}0`, `${ID.slice(1)}g`, `${ID}\n`]) {
    expect(parseId(text)).toBeUndefined();
  }
});

test("a config keeps unknown fields; other versions are refused by name", () => {
  const json =
    `{"version":2,"id":"${ID}","chunker_polynomial":"25b468838dcb75",` + `"is_hot":true,"n":1e400}`;
  expect(fromUtf8(encodeConfig(decodeConfig(utf8(json))))).toBe(json);
  const upper = decodeConfig(utf8(json.replace("25b468838dcb75", "25B468838DCB75")));
  expect(upper.chunkerPolynomial).toBe(0x25b468838dcb75n);
  expect(() => decodeConfig(utf8(json.replace("2", "3")))).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED_VERSION" }),
  );
  const bad = ["", "{}x", '{"version":1}', json.replace("25b4", "zz"), json.replace(ID, "ab")];
  bad.push(json.replace("25b4", "0x25b4"), json.replace('"25b468838dcb75"', '""'));
  for (const text of bad) {
    const code = text === "" || text === "{}x" ? "BAD_FORMAT" : expect.any(String);
    expect(() => decodeConfig(utf8(text)), text).toThrow(expect.objectContaining({ code }));
  }
});

test("locks: root's ids are left out, others kept, unknown fields ignored", () => {
  const json =
    `{"time":"2026-01-02T03:04:05.6-05:00","exclusive":true,"hostname":"h","username":"u",` +
    `"pid":7,"uid":1000,"gid":100}`;
  expect(fromUtf8(encodeLock(decodeLock(utf8(json))))).toBe(json);
  expect(decodeLock(utf8(json.replace('"pid"', '"x":[],"pid"')))).toMatchObject({ pid: 7 });
  expect(() => decodeLock(utf8(json.replace("true", '"yes"')))).toThrow(/true or false/);
  expect(() => decodeLock(utf8(json.slice(0, -1)))).toThrow(/damaged/);
});

test("index files: foreign fields are passed over, damage is refused", () => {
  const blob = `{"id":"${ID}","type":"data","offset":0,"length":40,"uncompressed_length":9}`;
  const pack = `{"id":"${ID}","time":"x","blobs":[${blob}],"size":1}`;
  const json = `{"supersedes":null,"packs":[${pack}],"packs_to_delete":[{"id":"x"}]}`;
  const packs = [...readIndexFile(utf8(json))];
  expect(packs).toEqual([
    { id: ID, blobs: [{ id: ID, type: "data", offset: 0, length: 40, rawLength: 9 }] },
  ]);
  expect([...readIndexFile(encodeIndexFile(packs))]).toEqual(packs);
  expect([...readIndexFile(utf8('{"packs":null}'))]).toEqual([]);
  expect(fromUtf8(encodeIndexFile([]))).toBe('{"packs":[]}\n');
  const bad = [
    "[]",
    json.replace('"data"', '"door"'),
    json.replace(":40", ":31"),
    json.replace(":40", ":4294967296"),
    json.replace(`{"id":"${ID}","type"`, '{"type"'),
    json.replace(`{"id":"${ID}","time"`, '{"time"'),
    json.replace(ID, ID.toUpperCase()),
    json.slice(0, -1),
  ];
  for (const text of bad) {
    expect(() => [...readIndexFile(utf8(text))], text).toThrow(
      expect.objectContaining({ code: "BAD_FORMAT" }),
    );
  }
  expect(() => [...readIndexFile(utf8(json), 1)]).toThrow(/version 1/);
});

test("only version 2 compresses, and other encodings are refused", () => {
  const json = utf8("{}");
  const reverse = (bytes: Uint8Array): Uint8Array => bytes.toReversed();
  expect(encodeUnpacked(1, json, reverse)).toBe(json);
  const stored = encodeUnpacked(2, json, reverse);
  expect([...stored]).toEqual([2, 0x7d, 0x7b]);
  expect(decodeUnpacked(2, stored, reverse)).toEqual(json);
  expect(decodeUnpacked(2, json, reverse)).toBe(json);
  expect(decodeUnpacked(2, utf8("[]"), reverse)).toEqual(utf8("[]"));
  expect(decodeUnpacked(2, new Uint8Array(0), reverse).length).toBe(0);
  expect(() => decodeUnpacked(2, Uint8Array.of(1, 2), reverse)).toThrow(/unknown encoding/);
});
