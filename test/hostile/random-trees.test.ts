/**
 * Trees of random nonsense, restored into a real folder and checked: nothing is written outside,
 * and whatever goes wrong has a code. SIM_RUNS scales the number of trees, SIM_SEED is the seed.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { toHex } from "#base/bytes.ts";
import { isCofferError } from "#base/errors.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import { check } from "#operations/check/check.ts";
import { restore } from "#operations/restore/restore.ts";
import { openNodeTarget } from "#platform/node/restore-target.ts";
import { loadIndex } from "#repository/load-index.ts";
import { HostileRepository, type NodeFields } from "#testkit/hostile-repository.ts";
import { removeTree } from "#testkit/node/deep-tree.ts";
import { countFromEnv, say } from "../say.ts";

const RUNS = 60 * countFromEnv("SIM_RUNS", 4);
const SEED = countFromEnv("SIM_SEED", 1);
const primitives = createNodePrimitives();

/** Names that matter, and that collide often. */
const HOSTILE_NAMES = ["..", ".", "", "/", "../outside", "a/b", "/tmp", "a\\x00b", "\\"];
const name = fc.oneof(
  { weight: 40, arbitrary: fc.stringMatching(/^[a-z]{1,3}$/) },
  { weight: 12, arbitrary: fc.constantFrom("a", "b", "target", "outside", "secret") },
  { weight: 4, arbitrary: fc.constantFrom("\\xff", "x\\n", "n".repeat(255)) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_NAMES) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);

const number = fc.oneof(
  fc.constantFrom(0, 1, 5, -1, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, 1.5),
  fc.nat(70_000),
);

const linkTarget = fc.constantFrom(
  "../outside",
  "../outside/secret",
  "/",
  "a",
  "..",
  "",
  "b/../..",
);

const nonsense = fc.oneof(fc.constant(null), fc.string({ maxLength: 4 }), number, fc.constant([]));

/** A node that is mostly sound: one that is all nonsense is refused at its first field. */
type Sketch =
  | { readonly kind: "file"; readonly text: string; readonly lie: number }
  | { readonly kind: "dir"; readonly nodes: readonly SketchNode[] }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "special"; readonly type: string; readonly device: number };
interface SketchNode {
  readonly name: string;
  readonly sketch: Sketch;
  readonly mode: number;
  readonly links: number;
  readonly inode: number;
  /** One field in some nodes. */
  readonly broken: { readonly field: string; readonly value: unknown } | undefined;
}

const FIELDS = ["name", "type", "mode", "mtime", "uid", "size", "content", "subtree", "links"];

const { nodes } = fc.letrec<{ nodes: readonly SketchNode[]; node: SketchNode; sketch: Sketch }>(
  (tie) => ({
    nodes: fc.oneof(
      { weight: 1, arbitrary: fc.array(tie("node"), { maxLength: 6 }) },
      {
        weight: 5,
        arbitrary: fc.uniqueArray(tie("node"), { maxLength: 6, selector: (node) => node.name }),
      },
    ),
    node: fc.record({
      name,
      sketch: tie("sketch"),
      mode: fc.nat(0o777),
      links: fc.constantFrom(1, 1, 2),
      inode: fc.nat(3),
      broken: fc.oneof(
        { weight: 12, arbitrary: fc.constant(undefined) },
        {
          weight: 1,
          arbitrary: fc.record({ field: fc.constantFrom(...FIELDS), value: nonsense }),
        },
      ),
    }),
    sketch: fc.oneof(
      { depthSize: "small" },
      fc.record({
        kind: fc.constant("file" as const),
        text: fc.string({ maxLength: 20 }),
        lie: fc.oneof(
          { weight: 30, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.constantFrom(1, -1, 10 ** 12) },
        ),
      }),
      fc.record({ kind: fc.constant("symlink" as const), target: linkTarget }),
      fc.record({
        kind: fc.constant("special" as const),
        type: fc.oneof(
          { weight: 20, arbitrary: fc.constantFrom("fifo", "socket") },
          { weight: 1, arbitrary: fc.constantFrom("irregular", "") },
        ),
        device: fc.nat(3),
      }),
      fc.record({ kind: fc.constant("dir" as const), nodes: tie("nodes") }),
    ),
  }),
);

const TIME = "2024-01-02T03:04:05Z";

function build(made: HostileRepository, sketches: readonly SketchNode[]): Uint8Array {
  return made.tree(sketches.map((node) => fieldsOf(made, node)));
}

function fieldsOf(made: HostileRepository, node: SketchNode): NodeFields {
  const { sketch, mode, links, inode, broken } = node;
  const common = { name: node.name, mode, mtime: TIME, atime: TIME, ctime: TIME, uid: 0, gid: 0 };
  const fields = { ...common, inode, ...specific(made, sketch), links };
  return broken === undefined ? fields : { ...fields, [broken.field]: broken.value };
}

function specific(made: HostileRepository, sketch: Sketch): NodeFields {
  switch (sketch.kind) {
    case "file": {
      const bytes = new TextEncoder().encode(sketch.text);
      const content = [toHex(made.blob("data", bytes))];
      return { type: "file", size: bytes.length + sketch.lie, content };
    }
    case "dir": {
      const subtree = toHex(build(made, sketch.nodes));
      return { type: "dir", mode: 2 ** 31 + 0o755, content: null, subtree };
    }
    case "symlink":
      return { type: "symlink", linktarget: sketch.target, content: null };
    case "special":
      return { type: sketch.type, device: sketch.device, content: null };
  }
}

/** Everything but the target is as it was. */
function expectUntouched(base: string): void {
  expect(readdirSync(base).filter((entry) => entry !== "target")).toEqual(["outside"]);
  expect(readdirSync(join(base, "outside"))).toEqual(["secret"]);
  expect(readFileSync(join(base, "outside/secret"), "utf8")).toBe("untouched");
}

test("random trees are restored within the target or refused with a code", async () => {
  const counts = { trees: 0, clean: 0, damaged: 0, whole: 0, partial: 0, refused: 0 };
  const base = mkdtempSync(join(tmpdir(), "coffer-random-"));
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "outside/secret"), "untouched");
  const target = join(base, "target");
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isCofferError(error) || error.code === "INTERNAL") throw error;
      return undefined;
    }
  };
  const restoreInto = async (made: HostileRepository, tree: Uint8Array): Promise<void> => {
    const repo = made.reopen();
    await loadIndex(repo);
    const pool = createInlinePool(repo, { openTarget: openNodeTarget });
    const options = { tree: toHex(tree), target, verify: true };
    const result = await attempt(() => restore(repo, pool, options));
    expectUntouched(base);
    if (result === undefined) counts.refused++;
    else if (result.errors > 0) counts.partial++;
    else counts.whole++;
  };
  const property = fc.asyncProperty(nodes, nodes, async (first, second) => {
    counts.trees += 2;
    const made = await HostileRepository.create(new MemoryBackend(), primitives);
    const trees = [build(made, first), build(made, second)];
    await made.flush();
    for (const tree of trees) await made.snapshot(tree);
    const repo = made.reopen();
    const checked = await check(repo, createInlinePool(repo, {}), { readData: { kind: "all" } });
    if (checked.errorCount === 0) counts.clean++;
    else counts.damaged++;
    removeTree(target);
    const partialBefore = counts.partial + counts.refused;
    // One over the other: links of the first must not carry the second away.
    for (const tree of trees) await restoreInto(made, tree);
    // What the check calls clean must restore.
    if (checked.errorCount === 0) expect(counts.partial + counts.refused).toBe(partialBefore);
  });
  try {
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  } finally {
    removeTree(base);
  }
  say(
    `hostile trees: ${counts.trees} random trees, ${counts.whole} restored, ` +
      `${counts.partial} in part, ${counts.refused} refused; check called ${counts.damaged} of ` +
      `${counts.clean + counts.damaged} repositories damaged; seed ${SEED}`,
  );
});
