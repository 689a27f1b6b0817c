/** Makes the inputs of the benchmark: always the same for one seed, whatever the machine. */
import { createCipheriv, createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  writeSync,
  writeFileSync,
  readdirSync,
  statSync,
  lstatSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";

/** Endless seeded bytes. */
export function keystream(seed: string): (length: number) => Buffer {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

/** Seeded numbers in [0, 1). */
export function numbers(seed: string): () => number {
  const bytes = keystream(seed);
  let pool: Buffer = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at === pool.length) {
      pool = bytes(4096);
      at = 0;
    }
    at += 4;
    return pool.readUInt32LE(at - 4) / 2 ** 32;
  };
}

export interface BenchInput {
  readonly key: "a" | "b" | "c";
  readonly title: string;
  readonly folder: string;
  /** Changes about five files, or bytes, of a hundred; another set for each round. */
  change(round: number): void;
}

const MIB = 1024 * 1024;

/** (a) Bytes that do not compress, in files of 128 MiB. */
export function largeFiles(work: string, seed: string, totalMib: number): BenchInput {
  const folder = join(work, "input-a");
  const count = Math.max(1, Math.round(totalMib / 128));
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < count; i++) {
      const bytes = keystream(`${seed}/a/${i}`);
      const file = openSync(join(folder, `large-${i}.bin`), "w");
      for (let mib = 0; mib < Math.min(128, totalMib); mib++) writeSync(file, bytes(MIB));
      closeSync(file);
    }
  }
  const change = (round: number): void => {
    // One stretch of 5 % in every file, as a database or disk image changes.
    const random = numbers(`${seed}/a/change/${round}`);
    for (let i = 0; i < count; i++) {
      const length = Math.round(Math.min(128, totalMib) * MIB * 0.05);
      const file = openSync(join(folder, `large-${i}.bin`), "r+");
      const at = Math.floor(random() * (Math.min(128, totalMib) * MIB - length));
      writeSync(file, keystream(`${seed}/a/${i}/${round}`)(length), 0, length, at);
      closeSync(file);
    }
  };
  return {
    key: "a",
    title: `${totalMib} MiB incompressible in ${count} large files`,
    folder,
    change,
  };
}

/** (b) A real tree, copied so that it can be changed. */
export function realTree(work: string, seed: string, source: string): BenchInput {
  const folder = join(work, "input-b");
  if (!existsSync(folder))
    cpSync(source, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return {
    key: "b",
    title: `a copy of ${source}`,
    folder,
    change: (round) => changeFiles(folder, `${seed}/b/${round}`),
  };
}

/** (c) Many small files, half of them text. */
export function smallFiles(work: string, seed: string, count: number): BenchInput {
  const folder = join(work, "input-c");
  if (!existsSync(folder)) {
    const random = numbers(`${seed}/c`);
    const bytes = keystream(`${seed}/c/bytes`);
    for (let i = 0; i < count; i++) {
      const at = join(folder, `d${Math.floor(i / 500)}`);
      if (i % 500 === 0) mkdirSync(at, { recursive: true });
      const length = 1024 + Math.floor(random() * 7168);
      writeFileSync(join(at, `f${i}`), i % 2 === 0 ? bytes(length) : text(random, length));
    }
  }
  return {
    key: "c",
    title: `${count.toLocaleString("en")} files of 1 to 8 KiB`,
    folder,
    change: (round) => changeFiles(folder, `${seed}/c/${round}`),
  };
}

const WORDS =
  "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua 0 1 2 3 true false null { } ( ) ; = import from return const".split(
    " ",
  );

function text(random: () => number, length: number): string {
  let out = "";
  while (out.length < length)
    out += `${WORDS[Math.floor(random() * WORDS.length)]}${random() < 0.1 ? "\n" : " "}`;
  return out.slice(0, length);
}

/** Appends to, or replaces, one regular file in twenty. */
function changeFiles(folder: string, seed: string): void {
  const random = numbers(seed);
  const bytes = keystream(`${seed}/bytes`);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || random() >= 0.05) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = lstatSync(path);
    writeFileSync(path, bytes(Math.max(16, Math.min(size, MIB))));
  }
}

export function countTree(folder: string): { files: number; bytes: number } {
  let files = 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files++;
    bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return { files, bytes };
}

export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
