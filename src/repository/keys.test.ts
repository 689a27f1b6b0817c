import { beforeEach, describe, expect, it } from "vitest";
import vectors from "../../test/vectors/keys.json" with { type: "json" };
import { MemoryBackend } from "#backends/memory.ts";
import { fromHex, fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import {
  addKey,
  changePassword,
  createKey,
  generateMasterKey,
  listKeys,
  NEW_KEY_COST,
  openMasterKey,
  removeKey,
} from "#repository/keys.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
const owner = { username: "me", hostname: "here" };
const cost = { N: 2, r: 1, p: 1 };
const masterKey = generateMasterKey(primitives);
let backend: MemoryBackend;

beforeEach(() => {
  backend = new MemoryBackend();
});

const make = (password: string, at = cost): Promise<string> =>
  createKey(backend, primitives, masterKey, utf8(password), owner, { cost: at });
const open = (password: string, options = {}) =>
  openMasterKey(backend, primitives, utf8(password), options);

describe("opening", () => {
  it.each(vectors.keys)("opens the key file of $source", async (vector) => {
    backend.files.set(`keys/${vector.fileName}`, utf8(vector.keyFileText));
    const password = fromHex(vector.passwordUtf8Hex)!;
    const opened = await openMasterKey(backend, primitives, password);
    expect(opened.keyId).toBe(vector.fileName);
    expect(toHex(opened.masterKey.encrypt)).toBe(vector.master.encrypt);
  });

  it("finds the right one of several, and refuses a wrong password", async () => {
    const ids = [await make("a"), await make("b"), await make("")];
    expect((await open("b")).keyId).toBe(ids[1]);
    expect((await open("")).keyId).toBe(ids[2]);
    await expect(open("c")).rejects.toMatchObject({ code: "WRONG_PASSWORD" });
  });

  it("tries at most 20, but always the hinted one", async () => {
    for (let i = 0; i < 24; i++) await make("other");
    const id = await make("mine");
    const hinted = await open("mine", { keyHint: id.slice(0, 12) });
    expect(hinted.keyId).toBe(id);
    await expect(open("wrong", { keyHint: "nothing" })).rejects.toThrow(/5 more were not tried/);
  });

  it("tries cheap keys before costly ones", async () => {
    const calls: number[] = [];
    const { crypto } = primitives;
    const counting = {
      ...primitives,
      crypto: {
        ...crypto,
        scrypt: (...args: Parameters<typeof crypto.scrypt>) => {
          calls.push(args[2].N);
          return crypto.scrypt(...args);
        },
      },
    };
    for (const N of [64, 4, 256, 16]) await make("x", { N, r: 1, p: 1 });
    await expect(openMasterKey(backend, counting, utf8("y"))).rejects.toThrow();
    expect(calls).toEqual([4, 16, 64, 256]);
  });

  it("passes over damaged and costly keys, and reports them when no key opens", async () => {
    await make("good");
    const text = fromUtf8(backend.files.values().next().value!);
    backend.files.set(`keys/${"0".repeat(64)}`, utf8("rubbish"));
    const costly = text.replace('"N":2,"r":1', '"N":1048576,"r":8');
    backend.files.set(`keys/${"1".repeat(64)}`, utf8(costly));
    await open("good");
    await expect(open("bad")).rejects.toMatchObject({ code: "BAD_FORMAT" });
    backend.files.delete(`keys/${"0".repeat(64)}`);
    await expect(open("bad")).rejects.toMatchObject({ code: "TOO_LARGE" });
    const impossible = text.replace('"N":2', '"N":65536');
    backend.files.set(`keys/${"1".repeat(64)}`, utf8(impossible));
    await expect(open("bad")).rejects.toMatchObject({ code: "BAD_FORMAT" });
  });

  it("does not call a password wrong when the key file is damaged", async () => {
    const id = await make("good");
    const text = fromUtf8(backend.files.get(`keys/${id}`)!);
    const salt = /"salt":"(.)/.exec(text)![1]!;
    const damaged = text.replace(`"salt":"${salt}`, `"salt":"${salt === "A" ? "B" : "A"}`);
    backend.files.set(`keys/${id}`, utf8(damaged));
    await expect(open("good")).rejects.toMatchObject({ code: "BAD_HASH" });
  });

  it("says so when there is no key at all", async () => {
    await expect(open("x")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("changing", () => {
  it("adds a password that opens the same master key", async () => {
    await make("a");
    const opened = await open("a");
    await addKey(backend, primitives, opened.masterKey, utf8("b"), owner, { cost });
    expect((await open("b")).masterKey).toEqual(opened.masterKey);
    expect(await listKeys(backend, primitives)).toHaveLength(2);
  });

  it("replaces the key in use, the new one first", async () => {
    await make("old");
    const opened = await open("old");
    const id = await changePassword(backend, primitives, opened, utf8("new"), owner, { cost });
    await expect(open("old")).rejects.toMatchObject({ code: "WRONG_PASSWORD" });
    expect((await open("new")).keyId).toBe(id);
  });

  it("keeps the old key when the storage does not keep the new one", async () => {
    await make("old");
    const opened = await open("old");
    const write = backend.write.bind(backend);
    backend.write = (file, parts) => write(file, [parts[0]!.with(40, 0)]);
    const attempt = changePassword(backend, primitives, opened, utf8("new"), owner, { cost });
    await expect(attempt).rejects.toMatchObject({ code: "BAD_HASH" });
    expect((await open("old")).keyId).toBe(opened.keyId);
    expect(backend.files.size).toBe(1);
  });

  it("never removes the key in use", async () => {
    const id = await make("a");
    const attempt = removeKey(backend, id, id);
    await expect(attempt).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  it("lists damaged keys with their error", async () => {
    const id = await make("a");
    backend.files.set(`keys/${id}`, backend.files.get(`keys/${id}`)!.slice(0, 100));
    expect(await listKeys(backend, primitives)).toMatchObject([
      { id, error: { code: "BAD_FORMAT" } },
    ]);
  });
});

describe("cost", () => {
  it("of new keys is what the record of the decision says", () => {
    expect(NEW_KEY_COST).toEqual({ N: 32768, r: 8, p: 3 });
  });

  it("reads the parts of a generated master key from the random source, none empty", () => {
    const key = generateMasterKey(primitives);
    expect([key.encrypt.length, key.macK.length, key.macR.length]).toEqual([32, 16, 16]);
  });
});
