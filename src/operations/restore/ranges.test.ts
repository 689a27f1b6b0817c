import { describe, expect, it } from "vitest";
import type { FileRef, ReadOptions } from "#backends/backend.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { restore } from "#operations/restore/restore.ts";
import type { RestoreResult } from "#operations/restore/options.ts";
import { loadIndex } from "#repository/load-index.ts";
import { fileNode, HostileRepository } from "#testkit/hostile-repository.ts";
import { MemoryTarget } from "#testkit/memory-target.ts";
import { seededRandom } from "#testkit/seeded-random.ts";

const primitives = createNodePrimitives();

/** Notes which ranges of packs are read. */
class CountingBackend extends MemoryBackend {
  readonly ranges: string[] = [];

  override read(file: FileRef, options?: ReadOptions): Promise<Uint8Array> {
    if (file.type === "pack") this.ranges.push(`${options?.offset}+${options?.length}`);
    return super.read(file, options);
  }
}

function noise(length: number, seed: number): Uint8Array {
  return seededRandom(seed).fill(new Uint8Array(length));
}

async function newRepo(): Promise<[HostileRepository, CountingBackend]> {
  const backend = new CountingBackend();
  return [await HostileRepository.create(backend, primitives), backend];
}

async function run(
  made: HostileRepository,
  tree: Uint8Array,
  target: MemoryTarget,
): Promise<RestoreResult & { readonly errorTexts: string[] }> {
  await made.flush();
  const repo = made.reopen();
  await loadIndex(repo);
  const pool = createInlinePool(repo, { openTarget: (root) => target.open(root) });
  const errorTexts: string[] = [];
  const options = { tree: toHex(tree), target: "/t", verify: true };
  const result = await restore(repo, pool, options, {
    progress: (event) => {
      if (event.kind === "error") errorTexts.push(`${event.error.code} ${event.item}`);
    },
  });
  expect([target.openFiles, target.openFolders]).toEqual([0, 0]);
  return { ...result, errorTexts };
}

describe("reading packs", () => {
  it("reads near blobs at once, far ones apart, each once, in the order of the pack", async () => {
    const [made, backend] = await newRepo();
    const a = made.data("aaaa");
    const gap = made.blob("data", noise(1000, 1));
    const b = made.data("bbbb");
    made.blob("data", noise(1_100_000, 2));
    const c = made.data("cccc");
    await made.pack();
    const files = [
      fileNode("1", [c], 4),
      fileNode("2", [a, b], 8),
      fileNode("3", [a], 4),
      fileNode("4", [b, c, a], 12),
    ];
    const tree = made.tree(files);
    await made.flush();
    backend.ranges.length = 0;
    const target = new MemoryTarget();
    expect((await run(made, tree, target)).errors).toBe(0);
    expect(["1", "2", "3", "4"].map((name) => target.text(name))).toEqual([
      "cccc",
      "aaaabbbb",
      "aaaa",
      "bbbbccccaaaa",
    ]);
    expect(gap.length).toBe(32);
    const tail = 36 + 1032 + 36;
    // The last range belongs to the tree.
    expect(backend.ranges.filter((range) => range !== backend.ranges[0])).toEqual([
      `0+${tail}`,
      `${tail + 1_100_032}+36`,
    ]);
  });

  it("writes large blobs piece by piece, from another copy where one is damaged", async () => {
    const [made, backend] = await newRepo();
    const content = noise(400_000, 3);
    const large = made.blob("data", content);
    await made.pack();
    const path = [...backend.files.keys()].find((name) => name.startsWith("data/"))!;
    made.blob("data", content);
    const end = made.data("end");
    await made.pack();
    const wrong = made.blob("data", noise(300_000, 4), { id: new Uint8Array(32).fill(7) });
    const tree = made.tree([
      fileNode("sound", [large, end], 400_003),
      fileNode("twice", [large, end, large], 800_003),
      fileNode("wrong", [wrong, end], 300_003),
    ]);
    await made.flush();
    const damaged = backend.files.get(path)!;
    for (const at of [20, 200_000, 399_990]) {
      damaged[at]! ^= 1;
      const target = new MemoryTarget();
      const out = await run(made, tree, target);
      expect(out.errorTexts).toEqual(["BAD_HASH /wrong"]);
      expect(equalBytes(target.at("sound")!.content.subarray(0, 400_000), content)).toBe(true);
      expect(target.at("twice")!.content.length).toBe(800_003);
      expect(out.filesVerified).toBe(2);
      damaged[at]! ^= 1;
    }
  });

  it.each([true, false])(
    "opens small blobs together, each its own error (%s)",
    async (together) => {
      const [made, backend] = await newRepo();
      const texts = Array.from({ length: 40 }, (_, i) => `${"text ".repeat(i * 20)}${i}`);
      const files = texts.map((text, i) => fileNode(`f${i}`, [made.data(text)], text.length));
      await made.pack();
      const damaged = [...backend.files.values()].at(-1)!;
      // In the middle of the third blob, and in the nonce of the first.
      damaged[40 + 16]! ^= 1;
      damaged[3]! ^= 1;
      const wrong = made.data("wrong", { id: new Uint8Array(32).fill(9) });
      const tree = made.tree([
        ...files,
        fileNode("twin", [made.data(texts[5]!)], texts[5]!.length),
        fileNode("wrong", [wrong], 5),
      ]);
      const target = new MemoryTarget();
      target.synchronous = together;
      const out = await run(made, tree, target);
      expect(out.errorTexts.toSorted()).toEqual(["BAD_HASH /wrong", "BAD_MAC /f0", "BAD_MAC /f1"]);
      texts.slice(2).forEach((text, i) => expect(target.text(`f${i + 2}`)).toBe(text));
      expect(target.text("twin")).toBe(texts[5]);
    },
  );
});
