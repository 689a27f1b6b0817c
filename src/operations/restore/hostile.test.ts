import { describe, expect, it } from "vitest";
import type { MemoryBackend } from "#backends/memory.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import {
  fileNode,
  folderNode,
  type HostileRepository,
  type NodeFields,
} from "#testkit/hostile-repository.ts";
import { MemoryTarget } from "#testkit/memory-target.ts";
import { newRestoreRepository, runRestore, textFile } from "#testkit/restore-harness.ts";

const primitives = createNodePrimitives();
const newRepo = () => newRestoreRepository(primitives);
const run = runRestore;
const file = textFile;

describe("damaged and hostile trees", () => {
  const bad: [string, (made: HostileRepository) => NodeFields[], string[], string[]][] = [
    [
      "dots",
      (m) => [file(m, "..", ["x"]), file(m, ".", ["x"])],
      ["UNSAFE_PATH /..", "UNSAFE_PATH /."],
      [],
    ],
    [
      "separators",
      (m) => [file(m, "../x", ["x"]), file(m, "/abs", ["x"]), file(m, "a/b", ["x"])],
      ["UNSAFE_PATH /../x", "UNSAFE_PATH //abs", "UNSAFE_PATH /a/b"],
      [],
    ],
    ["zero byte", (m) => [file(m, "a\\x00b", ["x"])], ["UNSAFE_PATH /a\0b"], []],
    ["empty name", (m) => [file(m, "", ["x"])], ["UNSAFE_PATH /"], []],
    ["twice", (m) => [file(m, "f", ["first"]), file(m, "f", ["second"])], ["BAD_TREE /f"], ["f"]],
    [
      "link and folder of one name",
      (m) => [
        { ...fileNode("f", [], 0), type: "symlink", linktarget: "/etc", content: null },
        folderNode("f", m.tree([file(m, "passwd", ["evil"])])),
      ],
      ["BAD_TREE /f"],
      ["f"],
    ],
    [
      "unsorted",
      (m) => [file(m, "b", ["1"]), file(m, "a", ["2"]), file(m, "b", ["3"]), file(m, "a", ["4"])],
      ["BAD_TREE /b", "BAD_TREE /a"],
      ["a", "b"],
    ],
    ["size too large", (m) => [{ ...file(m, "f", ["x"]), size: 1e12 }], ["BAD_TREE /f"], []],
    [
      "size too small",
      (m) => [{ ...file(m, "f", ["eighteen bytes...."]), size: 1 }],
      ["BAD_TREE /f"],
      [],
    ],
    ["unknown blob", () => [fileNode("f", [new Uint8Array(32)], 1)], ["MISSING_BLOB /f"], []],
    [
      "malformed time",
      (m) => [{ ...file(m, "f", ["x"]), mtime: "yesterday" }],
      ["BAD_TREE /f"],
      [],
    ],
    [
      "folder without tree",
      () => [{ ...folderNode("f", new Uint8Array(32)), subtree: undefined }],
      ["BAD_TREE /f"],
      [],
    ],
    [
      "folder whose tree is missing",
      () => [folderNode("f", new Uint8Array(32))],
      ["MISSING_BLOB /f"],
      ["f"],
    ],
    [
      "folder whose tree is data",
      (m) => [folderNode("f", m.data("text"))],
      ["MISSING_BLOB /f"],
      ["f"],
    ],
    [
      "folder whose tree is no tree",
      (m) => [folderNode("f", m.rawTree("[1]"))],
      ["BAD_TREE /f"],
      ["f"],
    ],
    ["no type", (m) => [{ ...file(m, "f", ["x"]), type: "" }], ["BAD_TREE /f"], []],
  ];
  for (const [what, nodes, errors, left] of bad) {
    it(`refuses ${what} and restores the rest`, async () => {
      const made = await newRepo();
      const tree = made.tree([...nodes(made), file(made, "sound", ["well"])]);
      const target = new MemoryTarget();
      const out = await run(made, tree, target, { verify: true });
      expect(out.errorTexts.toSorted()).toEqual(errors.toSorted());
      expect([...target.root.children.keys()].toSorted()).toEqual([...left, "sound"].toSorted());
      expect(target.text("sound")).toBe("well");
    });
  }

  it("refuses a zstd bomb within the claimed length", async () => {
    const made = await newRepo();
    const bomb = made.blob("data", new Uint8Array(64 * 1024 * 1024), {
      compress: true,
      rawLength: 100,
    });
    const tree = made.tree([fileNode("bomb", [bomb], 100), file(made, "sound", ["well"])]);
    const target = new MemoryTarget();
    const out = await run(made, tree, target);
    expect(out.errorTexts).toEqual([expect.stringMatching(/^(TOO_LARGE|BAD_FORMAT) \/bomb$/)]);
    expect(target.text("sound")).toBe("well");
  });

  it("refuses more entries than allowed, however few trees they are in", async () => {
    const made = await newRepo();
    let tree = made.tree([file(made, "f", ["x"])]);
    for (let i = 0; i < 40; i++) tree = made.tree([folderNode("a", tree), folderNode("b", tree)]);
    const promise = run(made, tree, new MemoryTarget(), { maxEntries: 20_000 });
    await expect(promise).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("takes another copy of a damaged blob, and reports one without", async () => {
    const made = await newRepo();
    const id = made.data("shared");
    const lone = made.data("lonely");
    await made.pack();
    made.data("shared");
    await made.pack();
    const tree = made.tree([
      fileNode("a", [id], 6),
      fileNode("b", [id, id], 12),
      fileNode("c", [lone], 6),
      fileNode("d", [id, lone], 12),
    ]);
    await made.flush();
    const backend = made.repo.backend as MemoryBackend;
    const first = [...backend.files.entries()].find(([path]) => path.startsWith("data/"))![1];
    first[5]! ^= 1;
    first[45]! ^= 1;
    const target = new MemoryTarget();
    const out = await run(made, tree, target);
    expect(target.text("a")).toBe("shared");
    expect(target.text("b")).toBe("sharedshared");
    expect(out.errorTexts.toSorted()).toEqual(["BAD_MAC /c", "BAD_MAC /d"]);
    expect(target.at("c")).toBeUndefined();
  });
});
