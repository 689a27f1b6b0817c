/**
 * Restores into real folders that are hostile, very deep, very wide, or changed by someone
 * meanwhile.
 */
import { spawn } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { say } from "../say.ts";
import { MemoryBackend } from "#backends/memory.ts";
import { toHex } from "#base/bytes.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { createNodePrimitives } from "#engine/node/node-primitives.ts";
import type { RestoreOptions, RestoreResult } from "#operations/restore/options.ts";
import { restore } from "#operations/restore/restore.ts";
import { openNodeTarget } from "#platform/node/restore-target.ts";
import { loadIndex } from "#repository/load-index.ts";
import {
  fileNode,
  folderNode,
  HostileRepository,
  type NodeFields,
} from "#testkit/hostile-repository.ts";

const primitives = createNodePrimitives();
let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "coffer-safety-"));
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "outside/secret"), "untouched");
});
afterEach(() => {
  // Deeper than fs.rmSync can go.
  rmSync(join(base, "outside"), { recursive: true });
  const found = spawn("rm", ["-rf", base]);
  return new Promise((resolve) => found.on("exit", resolve));
});

async function newRepo(): Promise<HostileRepository> {
  return HostileRepository.create(new MemoryBackend(), primitives);
}

async function run(
  made: HostileRepository,
  tree: Uint8Array,
  options: Partial<RestoreOptions> = {},
): Promise<RestoreResult & { readonly errorTexts: string[] }> {
  await made.flush();
  const repo = made.reopen();
  await loadIndex(repo);
  const pool = createInlinePool(repo, { openTarget: openNodeTarget });
  const errorTexts: string[] = [];
  const all = { tree: toHex(tree), target: join(base, "t"), ...options };
  const result = await restore(repo, pool, all, {
    progress: (event) => {
      if (event.kind === "error") errorTexts.push(`${event.error.code} ${event.item}`);
    },
  });
  expect(readdirSync(join(base, "outside"))).toEqual(["secret"]);
  expect(readFileSync(join(base, "outside/secret"), "utf8")).toBe("untouched");
  return { ...result, errorTexts };
}

function file(made: HostileRepository, name: string, text: string): NodeFields {
  return fileNode(name, [made.data(text)], text.length);
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

describe("restoring into real folders", () => {
  it("stays inside whatever links are there", async () => {
    const made = await newRepo();
    const inner = made.tree([file(made, "secret", "evil!")]);
    const tree = made.tree([
      folderNode("dir", inner),
      file(made, "file", "evil!"),
      folderNode("nested", made.tree([folderNode("dir", inner)])),
    ]);
    const t = join(base, "t");
    for (const options of [{}, { delete: true }, { overwrite: "if-changed" }] as const) {
      rmSync(t, { recursive: true, force: true });
      mkdirSync(join(t, "nested"), { recursive: true });
      symlinkSync(join(base, "outside"), join(t, "dir"));
      symlinkSync(join(base, "outside/secret"), join(t, "file"));
      symlinkSync("../../outside", join(t, "nested/dir"));
      symlinkSync(join(base, "outside"), join(t, "extra"));
      const out = await run(made, tree, { ...options, verify: true });
      expect(out.errors).toBe(0);
      expect(readFileSync(join(t, "dir/secret"), "utf8")).toBe("evil!");
      expect(lstatSync(join(t, "nested/dir")).isDirectory()).toBe(true);
    }
  });

  it("stays inside when one snapshot plants a link and the next one writes through it", async () => {
    const made = await newRepo();
    const link = {
      ...fileNode("x", [], 0),
      type: "symlink",
      linktarget: join(base, "outside"),
      content: null,
    };
    const first = made.tree([link]);
    const second = made.tree([folderNode("x", made.tree([file(made, "secret", "evil!")]))]);
    expect((await run(made, first)).errors).toBe(0);
    expect((await run(made, second)).errors).toBe(0);
    expect(lstatSync(join(base, "t/x")).isDirectory()).toBe(true);
  });

  it("restores, compares, verifies and deletes 5,000 levels of folders", async () => {
    const made = await newRepo();
    let tree = made.tree([file(made, "deepest", "found")]);
    const name = "0123456789";
    for (let i = 0; i < 5000; i++) tree = made.tree([folderNode(name, tree)]);
    const before = openDescriptors();
    const out = await run(made, tree, { verify: true });
    expect(out).toMatchObject({ errors: 0, filesRestored: 5001, filesVerified: 1 });
    const again = await run(made, tree);
    expect(again).toMatchObject({ errors: 0, filesSkipped: 1 });
    const gone = await run(made, made.tree([file(made, "only", "this")]), { delete: true });
    expect(gone).toMatchObject({ errors: 0, filesDeleted: 1 });
    expect(readdirSync(join(base, "t"))).toEqual(["only"]);
    expect(openDescriptors()).toBe(before);
  });

  it("restores a folder of 100,000 files", async () => {
    const made = await newRepo();
    const ids = Array.from({ length: 50 }, (_, i) => made.data(`content ${i}`.padEnd(20)));
    const names = Array.from({ length: 100_000 }, (_, i) => String(i).padStart(6, "0"));
    const tree = made.tree(names.map((name, i) => fileNode(name, [ids[i % 50]!], 20)));
    const out = await run(made, tree);
    expect(out).toMatchObject({ errors: 0, filesRestored: 100_000, bytesRestored: 2_000_000 });
    expect(readdirSync(join(base, "t")).length).toBe(100_000);
    expect(readFileSync(join(base, "t/000049"), "utf8")).toBe("content 49".padEnd(20));
  });

  it("stays inside while someone swaps folders for links", async () => {
    const made = await newRepo();
    const folders = Array.from({ length: 8 }, (_, i) => {
      const files = Array.from({ length: 200 }, (__, k) =>
        file(made, `secret${k}`, `evil ${i} ${k}`),
      );
      return folderNode(
        `d${i}`,
        made.tree([...files, file(made, "secret", "evil")].toSorted(byName)),
      );
    });
    const tree = made.tree(folders);
    const t = join(base, "t");
    mkdirSync(t);
    const attacker = spawn(process.execPath, ["-e", SWAPPER, t, join(base, "outside")]);
    let rounds = 0;
    try {
      const until = Date.now() + 15_000;
      // On a busy machine a round may take seconds.
      while (Date.now() < until || rounds < 4) {
        await run(made, tree, {
          delete: rounds % 2 === 1,
          overwrite: rounds % 3 === 0 ? "never" : "always",
        });
        rounds++;
      }
    } finally {
      attacker.kill("SIGKILL");
      await new Promise((resolve) => attacker.on("exit", resolve));
    }
    expect(rounds).toBeGreaterThan(3);
    say(`swapped folders: ${rounds} restores, nothing outside`);
  });
});

function byName(a: NodeFields, b: NodeFields): number {
  return String(a["name"]) < String(b["name"]) ? -1 : 1;
}

/** Moves folders of the target away and puts links to the outside in their places, and back. */
const SWAPPER = `
  const fs = require("node:fs");
  const [t, outside] = process.argv.slice(1);
  const quietly = (f) => { try { f(); } catch {} };
  for (;;) {
    for (let i = 0; i < 8; i++) {
      const d = t + "/d" + i;
      quietly(() => fs.renameSync(d, t + "/../away" + i));
      quietly(() => fs.symlinkSync(outside, d));
      quietly(() => fs.symlinkSync(outside + "/secret", t + "/../away" + i + "/secret7"));
      for (let k = 0; k < 200; k++) quietly(() => fs.readlinkSync(d));
      quietly(() => fs.unlinkSync(d));
      quietly(() => fs.renameSync(t + "/../away" + i, d));
      quietly(() => { fs.unlinkSync(d + "/secret3"); fs.linkSync(outside + "/secret", d + "/secret3"); });
    }
  }
`;
