import { beforeEach, expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { concatBytes, fromUtf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { readFileContent } from "#operations/read-file.ts";
import { loadIndex } from "#repository/load-index.ts";
import { fileNode, folderNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { testPrimitives } from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });
const unknown = new Uint8Array(32).fill(7);
let maker: HostileRepository;
let root: Uint8Array;

beforeEach(async () => {
  maker = await HostileRepository.create(new MemoryBackend(), primitives);
  const parts = ["one ", "two ", "three ", "four ", "five"].map((text) => maker.data(text));
  const large = maker.data("x".repeat(9 * 1024 * 1024), { compress: true });
  await maker.pack();
  const folder = maker.tree([fileNode("five", parts, 24), fileNode("empty", [], 0)]);
  root = maker.tree([
    folderNode("d", folder),
    fileNode("large", [large, parts[0]!, large], 18 * 1024 * 1024 + 4),
    fileNode("lost", [parts[0]!, unknown, unknown], 12),
  ]);
  await maker.pack();
  await maker.index();
  await loadIndex(maker.repo);
});

async function read(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of readFileContent(maker.repo, root, path, { signal })) all.push(part);
  return concatBytes(all);
}

test("gives the blobs in their order", async () => {
  expect(fromUtf8(await read("d/five"))).toBe("one two three four five");
  expect(fromUtf8(await read("//d/./five"))).toBe("one two three four five");
  expect((await read("/d/empty")).length).toBe(0);
  expect((await read("/large")).length).toBe(18 * 1024 * 1024 + 4);
});

test("refuses what is no file", async () => {
  for (const path of ["", "/", "/d", "/none", "/d/five/more"]) {
    await expect(read(path), path).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
  }
});

test("a lost blob ends the file after what came before", async () => {
  const parts: string[] = [];
  const reading = (async () => {
    for await (const part of readFileContent(maker.repo, root, "lost")) parts.push(fromUtf8(part));
  })();
  await expect(reading).rejects.toMatchObject({ code: "MISSING_BLOB" });
  expect(parts).toEqual(["one "]);
});

test("stops when told to, and when its consumer has enough", async () => {
  await expect(read("d/five", AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
  for await (const part of readFileContent(maker.repo, root, "lost")) {
    expect(fromUtf8(part)).toBe("one ");
    break;
  }
});
