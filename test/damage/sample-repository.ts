/**
 * A small repository with some of everything, and every way in which one of its files can be
 * damaged.
 */
import { MemoryBackend } from "#backends/memory.ts";
import { pathOf } from "#backends/layout.ts";
import type { FileRef, FileType } from "#backends/backend.ts";
import { concatBytes, utf8 } from "#base/bytes.ts";
import { fileOf, folderOf, noiseContent, symlinkTo } from "#testkit/memory-entry.ts";
import { MemorySource } from "#testkit/memory-source.ts";
import { TEST_PASSWORD } from "#testkit/test-repository.ts";
import { addKey } from "#repository/keys.ts";
import { Machine, SimulatedProcess, simulateBackup, simulateInit } from "../simulation/world.ts";

export const TYPES: readonly FileType[] = ["config", "key", "snapshot", "index", "pack"];

/** Where each blob of a pack lies. */
export type PackLayout = ReadonlyMap<
  string,
  readonly { readonly offset: number; readonly length: number }[]
>;

export interface Sample {
  readonly machine: Machine;
  readonly storage: MemoryBackend;
  readonly files: readonly FileRef[];
  readonly layout: PackLayout;
  /** The same source in another repository: files that decrypt under no key of this one. */
  readonly foreign: MemoryBackend;
}

/**
 * Two backups, so that there are two snapshots, two index files, and packs of data and of trees.
 */
export async function makeSample(version: 1 | 2): Promise<Sample> {
  const machine = new Machine(version);
  const storage = await write(machine, version);
  const process = new SimulatedProcess(machine);
  const repo = await process.open(storage);
  const owner = { username: "second", hostname: "second" };
  const options = { cost: { N: 2, r: 1, p: 1 } };
  await addKey(storage, process.primitives, repo.masterKey, TEST_PASSWORD, owner, options);
  const layout = new Map<string, { offset: number; length: number }[]>();
  const files: FileRef[] = [];
  for (const type of TYPES) {
    if (type === "config") files.push({ type, name: "config" });
    else for await (const { name } of storage.list(type)) files.push({ type, name });
  }
  for (const { type, name } of files) {
    if (type !== "index") continue;
    const json = new TextDecoder().decode(await repo.loadUnpacked("index", name));
    const index = JSON.parse(json) as {
      packs: { id: string; blobs: { offset: number; length: number }[] }[];
    };
    for (const { id, blobs } of index.packs) layout.set(id, blobs);
  }
  return {
    machine,
    storage,
    files,
    layout,
    foreign: await write(new Machine(version + 10), version),
  };
}

async function write(machine: Machine, version: 1 | 2): Promise<MemoryBackend> {
  const storage = new MemoryBackend();
  await simulateInit(machine, storage, version);
  const source = new MemorySource(
    folderOf({
      home: folderOf({
        a: fileOf("the first file\n".repeat(100)),
        deep: folderOf({ er: folderOf({ leaf: fileOf(noiseContent(700, 1)) }) }),
        empty: fileOf(""),
        link: symlinkTo("a"),
        noise: fileOf(noiseContent(30_000, 2)),
        other: fileOf(noiseContent(40_000, 3)),
        twin: fileOf(noiseContent(30_000, 2)),
      }),
    }),
  );
  await simulateBackup(machine, storage, { source, tag: "first", checkpointEveryMs: Infinity });
  source.write("/home/a", "changed");
  source.put("/home/deep/new", fileOf(noiseContent(25_000, 4)));
  await simulateBackup(machine, storage, { source, tag: "second", checkpointEveryMs: Infinity });
  return storage;
}

/** One way to damage the storage. */
export interface Damage {
  readonly what: string;
  /** Files that are not what they should be afterwards. */
  readonly files: readonly FileRef[];
  /** Nothing refers to the file by name, so that its absence cannot be known. */
  readonly unknowable?: boolean;
  apply(storage: MemoryBackend): void;
}

/** All damages of one file. */
export function* damagesOf(sample: Sample, file: FileRef): Generator<Damage> {
  const path = pathOf(file);
  const bytes = sample.storage.files.get(path)!;
  const replace = (what: string, next: Uint8Array): Damage => ({
    what,
    files: [file],
    apply: (storage) => void storage.files.set(path, next),
  });
  for (const offset of flipOffsets(sample, file, bytes.length)) {
    const next = bytes.slice();
    next[offset]! ^= 1 << (offset % 8);
    yield replace(`flip a bit of byte ${offset} of ${bytes.length}`, next);
  }
  for (const length of cutLengths(sample, file, bytes.length)) {
    yield replace(`cut to ${length} of ${bytes.length}`, bytes.slice(0, length));
  }
  for (const tail of [Uint8Array.of(0), utf8("garbage"), bytes]) {
    yield replace(`append ${tail.length} bytes`, concatBytes([bytes, tail]));
  }
  yield replace("overwrite with zeros", new Uint8Array(bytes.length));
  const foreign = [...sample.foreign.files].find(([other]) => kindOf(other) === kindOf(path));
  yield replace("replace by a file of another repository", foreign![1]);
  yield* exchanges(sample, file);
  yield {
    what: "delete",
    files: [file],
    unknowable: file.type !== "pack" && file.type !== "config",
    apply: (storage) => void storage.files.delete(path),
  };
}

/** Siblings in each other's place, or in place of this one. */
function* exchanges({ storage, files }: Sample, file: FileRef): Generator<Damage> {
  const path = pathOf(file);
  for (const other of files) {
    if (other.type !== file.type || other.name === file.name) continue;
    const otherPath = pathOf(other);
    const [mine, theirs] = [storage.files.get(path)!, storage.files.get(otherPath)!];
    yield {
      what: `replace by ${other.name.slice(0, 8)}`,
      files: [file],
      apply: (damaged) => void damaged.files.set(path, theirs),
    };
    // Each pair once.
    if (other.name < file.name) continue;
    yield {
      what: `swap with ${other.name.slice(0, 8)}`,
      files: [file, other],
      apply(damaged) {
        damaged.files.set(path, theirs);
        damaged.files.set(otherPath, mine);
      },
    };
  }
}

/**
 * First, middle and last byte, those around the parts of a sealed file, and all parts of a pack.
 */
function flipOffsets({ layout }: Sample, file: FileRef, length: number): number[] {
  const offsets = [
    0,
    1,
    15,
    16,
    17,
    length >> 2,
    length >> 1,
    length - 17,
    length - 16,
    length - 1,
  ];
  for (const { offset, length: part } of layout.get(file.name) ?? []) {
    const end = offset + part;
    offsets.push(offset, offset + 15, offset + 16, offset + (part >> 1), end - 16, end - 1);
  }
  if (file.type === "pack") {
    const header = headerStart(layout, file.name);
    // Header: nonce, first entry, its end; then each byte of its length.
    offsets.push(
      header,
      header + 16,
      header + 17,
      header + 20,
      length - 21,
      length - 20,
      length - 5,
    );
    offsets.push(length - 4, length - 3, length - 2);
  }
  return [...new Set(offsets)].filter((offset) => offset >= 0 && offset < length);
}

function cutLengths({ layout }: Sample, file: FileRef, length: number): number[] {
  const lengths = [0, 1, 16, 31, 32, 33, length >> 1, length - 32, length - 4, length - 1];
  for (const { offset } of layout.get(file.name) ?? []) lengths.push(offset, offset + 10);
  if (file.type === "pack") lengths.push(headerStart(layout, file.name));
  return [...new Set(lengths)].filter((cut) => cut >= 0 && cut < length);
}

function headerStart(layout: PackLayout, pack: string): number {
  return (layout.get(pack) ?? []).reduce((sum, { length }) => sum + length, 0);
}

/** Folder below the root: files of one type. */
function kindOf(path: string): string {
  return path.split("/")[0]!;
}
