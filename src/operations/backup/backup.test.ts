import { describe, expect, test } from "vitest";
import { MemoryBackend } from "#backends/memory.ts";
import { fromHex, fromUtf8, toHex, utf8 } from "#base/bytes.ts";
import { createNodeZstd } from "#codec/node/node-zstd.ts";
import { createNodeCrypto } from "#crypto/node/node-crypto.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import { readTree } from "#format/tree-decode.ts";
import { backup, type BackupEnvironment } from "#operations/backup/backup.ts";
import { backupStream } from "#operations/backup/backup-stream.ts";
import type { CheckpointStore } from "#operations/backup/checkpoint.ts";
import type { BackupEvent, BackupOptions, BackupResult } from "#operations/backup/options.ts";
import { loadIndex } from "#repository/load-index.ts";
import type { OpenedRepository } from "#repository/opened-repository.ts";
import { loadSnapshots } from "#repository/snapshots.ts";
import { fileOf, folderOf, symlinkTo, type EntryDescription } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import {
  backupOptions,
  makeTestRepository,
  reopen,
  testPrimitives,
} from "#testkit/test-repository.ts";

const primitives = testPrimitives({ crypto: createNodeCrypto, zstd: createNodeZstd() });

async function run(
  repository: OpenedRepository,
  source: MemorySource,
  overrides: Partial<BackupOptions> = {},
  environment: BackupEnvironment = {},
  paths = ["/home"],
): Promise<{ result: BackupResult; events: BackupEvent[] }> {
  const fresh = reopen(repository, primitives);
  await loadIndex(fresh);
  const pool = createInlinePool(fresh, { source });
  const events: BackupEvent[] = [];
  const options = backupOptions(primitives, paths, overrides);
  const context = { progress: (event: BackupEvent) => void events.push(event) };
  return { result: await backup(fresh, pool, options, context, environment), events };
}

/** Every path of a snapshot with its file's text. */
async function contents(
  repository: OpenedRepository,
  tree: string,
): Promise<Record<string, string>> {
  const fresh = reopen(repository, primitives);
  await loadIndex(fresh);
  const found: Record<string, string> = {};
  const walk = async (id: Uint8Array, prefix: string): Promise<void> => {
    for (const { node } of readTree(await fresh.loadBlob("tree", id))) {
      const path = `${prefix}/${fromUtf8(node.name)}`;
      if (node.subtree) await walk(node.subtree, path);
      else if (node.type !== "file") found[path] = node.type;
      else {
        let text = "";
        for (let i = 0; i < node.content!.length; i += 32) {
          text += fromUtf8(await fresh.loadBlob("data", node.content!.subarray(i, i + 32)));
        }
        expect(node.size).toBe(utf8(text).length);
        found[path] = text;
      }
    }
  };
  await walk(fromHex(tree)!, "");
  return found;
}

function home(entries: Readonly<Record<string, EntryDescription>>): MemorySource {
  return new MemorySource(folderOf({ home: folderOf(entries) }));
}

function memoryCheckpoints(): CheckpointStore & { readonly size: number } {
  const records = new Map<string, Uint8Array>();
  return {
    get size() {
      return records.size;
    },
    load: (key) => Promise.resolve(records.get(key)),
    save: (key, record) => Promise.resolve(void records.set(key, record)),
    remove: (key) => Promise.resolve(void records.delete(key)),
  };
}

describe("backup", () => {
  test("stores every file so that it reads back, and unchanged files are not opened again", async () => {
    const repository = await makeTestRepository(primitives);
    const many = Object.fromEntries(
      Array.from({ length: 1300 }, (_, i) => [
        `f${String(i).padStart(4, "0")}`,
        fileOf(`text ${i}`),
      ]),
    );
    const big = "0123456789abcdef".repeat(200_000);
    const source = home({
      a: fileOf("alpha"),
      big: fileOf(big),
      deep: folderOf({ er: folderOf({ leaf: fileOf("leaf") }) }),
      empty: fileOf(""),
      link: symlinkTo("a"),
      many: folderOf(many),
      none: folderOf({}),
    });
    const first = await run(repository, source);
    expect(first.result.errors).toBe(0);
    const stored = await contents(repository, first.result.tree);
    expect(Object.keys(stored)).toHaveLength(1305);
    expect(stored["/home/big"]).toBe(big);
    expect(stored["/home/many/f1299"]).toBe("text 1299");
    expect(stored["/home/link"]).toBe("symlink");
    source.calls.length = 0;
    const parent = { id: first.result.snapshotId!, tree: first.result.tree };
    const second = await run(repository, source, { parent });
    expect(second.result.tree).toBe(first.result.tree);
    expect(second.result.summary).toMatchObject({
      filesUnmodified: 1304,
      filesNew: 0,
      dirsUnmodified: 5,
      dataBlobs: 0,
      treeBlobs: 0,
    });
    expect(source.calls.filter((call) => call.startsWith("open"))).toEqual([]);
    source.write("/home/a", "changed");
    const third = await run(repository, source, { parent });
    expect(third.result.summary).toMatchObject({ filesChanged: 1, filesUnmodified: 1303 });
    expect((await contents(repository, third.result.tree))["/home/a"]).toBe("changed");
  });

  test("says what could not be read, and saves the rest", async () => {
    const repository = await makeTestRepository(primitives);
    const source = home({ a: fileOf("a"), b: fileOf("b"), c: fileOf("c"), d: folderOf({}) });
    source.fail({ call: "open", path: "/home/a" }, "EACCES");
    source.fail({ call: "read", path: "/home/b" }, "EIO");
    source.fail({ call: "list", path: "/home/d" }, "EACCES");
    const { result, events } = await run(repository, source);
    expect(result.errors).toBe(3);
    expect(await contents(repository, result.tree)).toEqual({ "/home/c": "c" });
    const failed = events.flatMap((event) => (event.kind === "error" ? [event.error] : []));
    expect(failed.map((error) => `${error.code} ${fromUtf8(error.path)}`).toSorted()).toEqual([
      "EACCES /home/a",
      "EACCES /home/d",
      "EIO /home/b",
    ]);
  });

  test("never makes a snapshot of nothing", async () => {
    const repository = await makeTestRepository(primitives);
    await expect(run(repository, home({}), {}, {}, ["/gone"])).rejects.toMatchObject({
      code: "SOURCE_MISSING",
    });
    expect((await loadSnapshots(repository)).snapshots).toEqual([]);
    const { result } = await run(repository, home({ a: fileOf("a") }), {}, {}, ["/gone", "/home"]);
    expect(result.errors).toBe(1);
  });

  test("an interrupted run leaves a checkpoint, and the next run opens nothing that it covers", async () => {
    const repository = await makeTestRepository(primitives);
    const folders = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `d${String(i).padStart(2, "0")}`,
        folderOf({ x: fileOf(`x${i}`), y: fileOf(`y${i}`) }),
      ]),
    );
    const source = home(folders);
    const checkpoints = memoryCheckpoints();
    const stop = new AbortController();
    source.before({ call: "lstat", path: "/home/d20/x" }, () => stop.abort());
    const fresh = reopen(repository, primitives);
    await expect(
      backup(
        fresh,
        createInlinePool(fresh, { source }),
        backupOptions(primitives, ["/home"]),
        { signal: stop.signal },
        { checkpoints },
      ),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect(checkpoints.size).toBe(1);
    expect((await loadSnapshots(repository)).snapshots).toEqual([]);
    const covered = new Set(source.calls.filter((call) => call.startsWith("open")));
    expect(covered.size).toBeGreaterThan(20);
    source.calls.length = 0;
    const { result } = await run(repository, source, {}, { checkpoints });
    const again = source.calls.filter((call) => covered.has(call));
    expect(again).toEqual([]);
    expect(checkpoints.size).toBe(0);
    expect(Object.keys(await contents(repository, result.tree))).toHaveLength(80);
  });

  test("a dry run stores nothing", async () => {
    const backend = new MemoryBackend();
    const repository = await makeTestRepository(primitives, backend);
    const { result } = await run(repository, home({ a: fileOf("a") }), { dryRun: true });
    expect(result).toMatchObject({ dryRun: true, snapshotId: undefined });
    expect(result.summary.dataBlobs).toBe(1);
    const packs = [];
    for await (const file of backend.list("pack")) packs.push(file);
    expect(packs).toEqual([]);
  });

  test("skips the snapshot when nothing changed and that was asked for", async () => {
    const repository = await makeTestRepository(primitives);
    const source = home({ a: fileOf("a") });
    const { result } = await run(repository, source);
    const parent = { id: result.snapshotId!, tree: result.tree };
    const again = await run(repository, source, { parent, skipIfUnchanged: true });
    expect(again.result).toMatchObject({ skipped: true, snapshotId: undefined });
    expect((await loadSnapshots(repository)).snapshots).toHaveLength(1);
  });

  test("a stream becomes a file with its folders; a failed producer leaves no snapshot", async () => {
    const repository = await makeTestRepository(primitives);
    const pool = createInlinePool(repository, {});
    const text = "dump ".repeat(1_000_000);
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < text.length; i += 70_000) yield utf8(text.slice(i, i + 70_000));
    }
    const options = backupOptions(primitives, ["/x"]);
    // A stream needs no source, but every thread is given one.
    const withSource = createInlinePool(repository, { source: home({}) });
    const input = { filename: "/db/all.sql", bytes: bytes() };
    const result = await backupStream(repository, withSource, options, input);
    expect(await contents(repository, result.tree)).toEqual({ "/db/all.sql": text });
    const failing = {
      filename: "x",
      bytes: bytes(),
      confirm: () => Promise.reject(new Error("producer failed")),
    };
    await expect(backupStream(repository, withSource, options, failing)).rejects.toThrow(
      "producer",
    );
    expect((await loadSnapshots(repository)).snapshots).toHaveLength(1);
    expect(toHex(repository.index.packId(0))).toHaveLength(64);
    await pool.close();
  });
});
