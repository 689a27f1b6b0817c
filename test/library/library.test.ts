import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { initRepository, openRepository, type LibraryRepository } from "#engine/node/library.ts";
import type { ListedEntry } from "#engine/node/library-types.ts";

const place = mkdtempSync(join(tmpdir(), "coffer-library-"));
const source = join(place, "source");
const location = join(place, "repository");
// Larger than two chunks can be, so that reading it crosses blobs.
const large = new Uint8Array(18 * 1024 * 1024).map((_, i) => (i * 2654435761) >>> 13);
let repository: LibraryRepository;

beforeAll(async () => {
  mkdirSync(join(source, "folder"), { recursive: true });
  writeFileSync(join(source, "folder", "large"), large);
  writeFileSync(join(source, "small.txt"), "hello\n", { mode: 0o640 });
  writeFileSync(join(source, "left-out.tmp"), "");
  const checkpointFolder = join(place, "cache");
  repository = await initRepository({ location, password: "päss", threads: 0, checkpointFolder });
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return new Uint8Array(Buffer.concat(all));
}

test("backs up, lists, reads, restores and checks", async () => {
  const saved = await repository.backup({ sources: [source], exclude: ["*.tmp"], tags: ["a"] });
  expect(saved.errors).toBe(0);
  expect(saved.summary.totalFilesProcessed).toBe(2);

  const again = await repository.backup({ sources: [source], exclude: ["*.tmp"] });
  expect(again.parent).toBe(saved.snapshotId);
  expect(again.tree).toBe(saved.tree);
  expect(again.summary.filesUnmodified).toBe(2);

  const tagged = await repository.snapshots({ tags: [["a"]] });
  expect(tagged.snapshots.map((snapshot) => snapshot.id)).toEqual([saved.snapshotId]);
  expect(tagged.broken).toEqual([]);

  const entries = new Map<string, ListedEntry>();
  for await (const entry of repository.list("latest")) entries.set(entry.path, entry);
  expect(entries.get(`${source}/small.txt`)).toMatchObject({
    type: "file",
    size: 6,
    permissions: 0o640,
  });
  expect(entries.has(`${source}/left-out.tmp`)).toBe(false);

  const bytes = await collect(repository.readFile("latest", `${source}/folder/large`));
  expect(Buffer.compare(bytes, large)).toBe(0);

  const target = join(place, "target");
  const restored = await repository.restore({ snapshot: `latest:${source}`, target });
  expect(restored.errors).toBe(0);
  expect(Buffer.compare(readFileSync(join(target, "folder", "large")), large)).toBe(0);

  const checked = await repository.check({ readData: { kind: "all" } });
  expect(checked.errors).toEqual([]);
  expect(checked.snapshots).toBe(2);
});

test("a reader may stop in the middle of a file", async () => {
  await repository.backup({ sources: [source] });
  for await (const part of repository.readFile("latest", `${source}/folder/large`)) {
    expect(part.length).toBeGreaterThan(0);
    break;
  }
  // The lock was given back.
  expect((await repository.check()).errorCount).toBe(0);
});

test("refuses by code", async () => {
  const threads = 0;
  const wrong = openRepository({ location, password: "wrong", threads });
  await expect(wrong).rejects.toMatchObject({ code: "WRONG_PASSWORD" });
  const absent = openRepository({ location: join(place, "absent"), password: "", threads });
  await expect(absent).rejects.toMatchObject({ code: "NO_REPOSITORY" });
  const taken = initRepository({ location, password: "x" });
  await expect(taken).rejects.toMatchObject({ code: "REPOSITORY_EXISTS" });

  const folder = collect(repository.readFile("latest", source));
  await expect(folder).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
  const nothing = collect(repository.readFile("latest", "/"));
  await expect(nothing).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
  const unsourced = repository.backup({ sources: [] });
  await expect(unsourced).rejects.toMatchObject({ code: "BAD_OPTION" });

  const stopped = { signal: AbortSignal.abort() };
  await expect(repository.check({}, stopped)).rejects.toMatchObject({ code: "ABORTED" });
});
