import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromUtf8, utf8 } from "#base/bytes.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import type { RestoreOptions } from "#operations/restore/options.ts";
import { fileNode, folderNode, type HostileRepository } from "#testkit/hostile-repository.ts";
import { MemoryTarget } from "#testkit/memory-target.ts";
import { newRestoreRepository, runRestore, textFile } from "#testkit/restore-harness.ts";

const primitives = createNodePrimitives();
const newRepo = () => newRestoreRepository(primitives);
const run = runRestore;
const file = textFile;

/** Two folders, files of none, one and several blobs, a link. */
function sampleTree(made: HostileRepository): Uint8Array {
  const inner = made.tree([
    file(made, "empty", []),
    file(made, "many", ["one ", "two ", "three"]),
    file(made, "twin", ["alpha"]),
  ]);
  return made.tree([
    file(made, "a.txt", ["alpha"], {
      mode: 0o640,
      uid: 7,
      gid: 8,
      mtime: "2001-02-03T04:05:06.000000789Z",
    }),
    folderNode("d", inner),
    { ...fileNode("link", [], 0), type: "symlink", linktarget: "../../etc/passwd", content: null },
  ]);
}

describe("restore", () => {
  it("restores files, folders, links and metadata", async () => {
    const made = await newRepo();
    const target = new MemoryTarget();
    const out = await run(made, sampleTree(made), target);
    expect(out.errors).toBe(0);
    expect(target.text("a.txt")).toBe("alpha");
    expect(target.text("d/many")).toBe("one two three");
    expect(target.text("d/twin")).toBe("alpha");
    expect(target.text("d/empty")).toBe("");
    expect(fromUtf8(target.at("link")!.linkTarget)).toBe("../../etc/passwd");
    expect(target.at("a.txt")).toMatchObject({ mode: 0o640, uid: 7, gid: 8, mtimeNanos: 789 });
    expect(target.at("d")!.mode).toBe(0o755 + 2 ** 31);
    expect(target.at("d/many")!.mtimeSeconds).toBeGreaterThan(0);
    expect(out).toMatchObject({
      totalFiles: 6,
      filesRestored: 6,
      totalBytes: 23,
      bytesRestored: 23,
      filesSkipped: 0,
    });
    expect(out.items.toSorted()).toEqual([
      "restored /a.txt 5",
      "restored /d 0",
      "restored /d/empty 0",
      "restored /d/many 13",
      "restored /d/twin 5",
      "restored /link 0",
    ]);
  });

  it("leaves equal files and says unchanged, with their metadata set", async () => {
    const made = await newRepo();
    const tree = sampleTree(made);
    const target = new MemoryTarget();
    await run(made, tree, target);
    target.at("d/many")!.mode = 0;
    const writes = target.calls.get("write");
    const out = await run(made, tree, target);
    expect(target.calls.get("write")).toBe(writes);
    expect(out).toMatchObject({ filesSkipped: 4, bytesSkipped: 23, totalFiles: 2, errors: 0 });
    expect(out.items).toContain("unchanged /d/many 13");
    expect(target.at("d/many")!.mode).toBe(0o644);
  });

  it("fetches and writes only the blobs that differ, in place", async () => {
    const made = await newRepo();
    const tree = sampleTree(made);
    const target = new MemoryTarget();
    await run(made, tree, target);
    target.at("d/many")!.content = utf8("one TWO three and more");
    const before = target.at("d/many");
    const writes = target.calls.get("write")!;
    const out = await run(made, tree, target, { verify: true });
    expect(target.text("d/many")).toBe("one two three");
    expect(target.at("d/many")).toBe(before);
    expect(target.calls.get("write")).toBe(writes + 1);
    expect(out.items).toContain("updated /d/many 13");
    expect(out).toMatchObject({ filesVerified: 4, bytesRestored: 13, totalBytes: 13 });
  });

  it("obeys the overwrite modes", async () => {
    const made = await newRepo();
    const tree = made.tree([file(made, "f", ["right"], { mtime: "2001-01-01T00:00:00Z" })]);
    const seconds = Date.UTC(2001, 0, 1) / 1000;
    const text = async (
      overwrite: RestoreOptions["overwrite"],
      mtimeSeconds: number,
      old = "wrong",
    ) => {
      const target = new MemoryTarget();
      target.putFile("f", old, { mtimeSeconds });
      await run(made, tree, target, { overwrite });
      return target.text("f");
    };
    expect(await text("always", seconds)).toBe("right");
    expect(await text("never", 0)).toBe("wrong");
    expect(await text("if-newer", seconds)).toBe("wrong");
    expect(await text("if-newer", seconds - 1)).toBe("right");
    expect(await text("if-changed", seconds)).toBe("wrong");
    expect(await text("if-changed", seconds, "longer than that")).toBe("right");
    expect(await text("if-changed", seconds + 1)).toBe("right");
  });

  it("replaces what is no plain file, and never writes through hard links", async () => {
    const made = await newRepo();
    const tree = sampleTree(made);
    const target = new MemoryTarget();
    const outside = target.putFile("keep/outside", "precious", { links: 2 });
    target.put("a.txt", outside);
    target.put("d", target.inode("symlink", { linkTarget: utf8("keep") }));
    target.putFile("link", "a file where the link goes");
    const out = await run(made, tree, target);
    expect(out.errors).toBe(0);
    expect(target.text("keep/outside")).toBe("precious");
    expect(target.text("a.txt")).toBe("alpha");
    expect(target.at("d")!.type).toBe("dir");
    expect(target.at("link")!.type).toBe("symlink");
  });

  it("keeps a full folder that stands in a file's place, unless deleting", async () => {
    const made = await newRepo();
    const tree = made.tree([file(made, "f", ["x"])]);
    const target = new MemoryTarget();
    target.putFile("f/inside/deep", "data");
    const refused = await run(made, tree, target);
    expect(refused.errorTexts).toEqual(["TARGET_FAILED /f"]);
    expect(target.text("f/inside/deep")).toBe("data");
    const out = await run(made, tree, target, { delete: true });
    expect(out.errors).toBe(0);
    expect(target.text("f")).toBe("x");
  });

  it("joins hard links, but only where content agrees", async () => {
    const made = await newRepo();
    const link = { links: 2, inode: 5, device_id: 1 };
    const tree = made.tree([
      file(made, "a", ["same"], link),
      file(made, "b", ["same"], link),
      file(made, "c", ["other"], link),
    ]);
    const target = new MemoryTarget();
    const out = await run(made, tree, target);
    expect(out.errors).toBe(0);
    expect(target.at("b")).toBe(target.at("a"));
    expect(target.at("a")!.links).toBe(2);
    expect(target.text("c")).toBe("other");
    expect(out.totalBytes).toBe(9);
  });

  it("restores what the filters select, with the folders above it", async () => {
    const made = await newRepo();
    const tree = sampleTree(made);
    const names = async (options: Partial<RestoreOptions>) => {
      const out = await run(made, tree, new MemoryTarget(), options);
      return out.items.map((item) => item.split(" ")[1]).toSorted();
    };
    expect(await names({ include: ["/d/many"] })).toEqual(["/d", "/d/many"]);
    expect(await names({ iinclude: ["MANY"] })).toEqual(["/d", "/d/many"]);
    expect(await names({ exclude: ["d"] })).toEqual(["/a.txt", "/link"]);
    expect(await names({ iexclude: ["D", "*.TXT"] })).toEqual(["/link"]);
    await expect(names({ include: ["a"], exclude: ["b"] })).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
  });

  it("removes what is not in the snapshot, as far as the filter reaches", async () => {
    const made = await newRepo();
    const tree = sampleTree(made);
    const fill = () => {
      const target = new MemoryTarget();
      target.putFile("extra", "x");
      target.putFile("d/old/deep/file", "y");
      target.putFile("d/keep.txt", "z");
      return target;
    };
    const all = fill();
    const out = await run(made, tree, all, { delete: true });
    expect(out.filesDeleted).toBe(3);
    expect(all.at("extra")).toBeUndefined();
    expect(all.at("d/old")).toBeUndefined();
    expect(all.text("d/many")).toBe("one two three");
    const some = fill();
    await run(made, tree, some, { delete: true, exclude: ["*.txt"] });
    expect(some.text("d/keep.txt")).toBe("z");
    expect(some.at("d/old")).toBeUndefined();
    const dry = fill();
    const pretended = await run(made, tree, dry, { delete: true, dryRun: true });
    expect(pretended.filesDeleted).toBe(3);
    expect(dry.text("extra")).toBe("x");
  });

  it("changes nothing in a dry run but reports the same", async () => {
    const made = await newRepo();
    const tree = sampleTree(made);
    const target = new MemoryTarget();
    const dry = await run(made, tree, target, { dryRun: true });
    expect(target.root.children.size).toBe(0);
    const real = await run(made, tree, target);
    expect(dry.items.toSorted()).toEqual(real.items.toSorted());
    expect({ ...dry, seconds: 0, events: 0, items: 0 }).toEqual({
      ...real,
      seconds: 0,
      events: 0,
      items: 0,
    });
  });

  it("keeps extended attributes by pattern and owners by name", async () => {
    const made = await newRepo();
    const extended = [
      { name: "user.a", value: "QQ==" },
      { name: "security.b", value: "Qg==" },
    ];
    const fields = {
      extended_attributes: extended,
      user: "known",
      group: "unknown",
      uid: 5,
      gid: 6,
    };
    const tree = made.tree([file(made, "f", ["x"], fields)]);
    const names = async (options: Partial<RestoreOptions>) => {
      const target = new MemoryTarget();
      await run(made, tree, target, options);
      return [target.at("f")!.xattrs.map(({ name }) => fromUtf8(name)), target.at("f")!.uid];
    };
    expect(await names({})).toEqual([["user.a", "security.b"], 5]);
    expect(await names({ includeXattr: ["user.*"] })).toEqual([["user.a"], 5]);
    expect(await names({ excludeXattr: ["user.*"], ownershipByName: true })).toEqual([
      ["security.b"],
      1234,
    ]);
  });

  it("finds by verifying what was written wrong", async () => {
    const made = await newRepo();
    const target = new MemoryTarget();
    const tree = sampleTree(made);
    target.fault = (call, name) => {
      if (call === "read" && name === "many") target.at("d/many")!.content[2]! ^= 1;
    };
    const out = await run(made, tree, target, { verify: true });
    expect(out.errorTexts).toEqual(["BAD_HASH /d/many"]);
    expect(out.filesVerified).toBe(3);
  });

  it("reports a file that fails and restores the others", async () => {
    for (const call of ["create", "write", "meta", "makeFolder"] as const) {
      for (const victim of ["a.txt", "many", "empty", "link", "d"]) {
        const made = await newRepo();
        const target = new MemoryTarget();
        let hits = 0;
        target.fault = (kind, name) => {
          if (kind !== call || name !== victim) return;
          hits++;
          throw Object.assign(new Error("EACCES: denied"), { code: "EACCES" });
        };
        const out = await run(made, sampleTree(made), target);
        expect(out.errors > 0).toBe(hits > 0);
        if (victim !== "d") expect(target.text("d/twin")).toBe("alpha");
        if (hits > 0) expect(out.errorTexts.some((text) => text.endsWith(victim))).toBe(true);
        expect(out.filesRestored).toBe(6 - out.errors);
      }
    }
  });

  it("stops when interrupted", async () => {
    const made = await newRepo();
    const target = new MemoryTarget();
    const abort = new AbortController();
    target.fault = (call) => {
      if (call === "makeFolder") abort.abort();
    };
    await expect(run(made, sampleTree(made), target, {}, abort.signal)).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(target.calls.get("write")).toBeUndefined();
    expect([target.openFiles, target.openFolders]).toEqual([0, 0]);
  });
});

describe("any tree", () => {
  const content = fc.array(
    fc.string({ maxLength: 6 }).filter((text) => text !== ""),
    { maxLength: 4 },
  );
  type Shape = { [name: string]: string[] | Shape };
  const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
    shape: fc.dictionary(
      fc.constantFrom("a", "b", "c", "d", "ä", "z"),
      fc.oneof({ maxDepth: 4 }, content, tie("shape")) as fc.Arbitrary<string[] | Shape>,
      { maxKeys: 4, noNullPrototype: true },
    ),
  }));

  function build(made: HostileRepository, of: Shape): Uint8Array {
    const names = Object.keys(of).toSorted();
    return made.tree(
      names.map((name) => {
        const inside = of[name]!;
        return Array.isArray(inside)
          ? file(made, name, inside)
          : folderNode(name, build(made, inside));
      }),
    );
  }

  function check(target: MemoryTarget, of: Shape, path: string): void {
    for (const [name, inside] of Object.entries(of)) {
      const own = `${path}/${name}`;
      if (Array.isArray(inside)) expect(target.text(own)).toBe(inside.join(""));
      else check(target, inside, own);
    }
  }

  it("over any other ends exactly as the snapshot, with --delete", async () => {
    await fc.assert(
      fc.asyncProperty(shape, shape, fc.boolean(), async (first, second, sparse) => {
        const made = await newRepo();
        const target = new MemoryTarget();
        const [one, two] = [build(made, first), build(made, second)];
        await run(made, one, target);
        check(target, first, "");
        const out = await run(made, two, target, { delete: true, verify: true, sparse });
        check(target, second, "");
        // A folder that holds something where a file goes is removed; the reverse is always
        // possible.
        expect(out.errors).toBe(0);
        const count = (of: Shape): number =>
          Object.values(of).reduce(
            (n, inside) => n + 1 + (Array.isArray(inside) ? 0 : count(inside)),
            0,
          );
        const there = (inode: ReturnType<MemoryTarget["at"]>): number =>
          [...inode!.children.values()].reduce((n, child) => n + 1 + there(child), 0);
        expect(there(target.root)).toBe(count(second));
      }),
      { numRuns: 60 },
    );
  });
});
