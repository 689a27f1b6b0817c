/**
 * A file system in memory that can lose power: what was not synced may be there, in part, garbled
 * or not at all, independently for each name and each file. Also counts calls and stops dead at
 * one. Model: the content of a file is durable after its `sync`, a name after `syncFolder` of its
 * folder.
 */
import { dirname } from "node:path";
import { concatBytes } from "#base/bytes.ts";
import { randomBelow, type Random } from "#base/random.ts";
import type { LocalFile, LocalFiles, LocalStat } from "#backends/node/local-files.ts";
import { SimulatedCrash } from "#testkit/crashing-backend.ts";

interface Inode {
  bytes: Uint8Array;
  /** Content that a power loss cannot take. */
  durable: Uint8Array | undefined;
  mode: number;
}

export interface PowerLossOptions {
  /** Stop dead at this call, from 1; Infinity: never. */
  readonly at?: number;
  readonly when?: "before" | "after";
}

/**
 * Implements the calls of the local storage; `loseDisk` gives one state that a power loss may
 * leave.
 */
export class PowerLossFiles implements LocalFiles {
  calls = 0;
  readonly #at: number;
  readonly #when: "before" | "after";
  #dead = false;
  readonly #folders = new Set<string>(["/"]);
  readonly #names = new Map<string, Inode>();
  readonly #durableFolders = new Set<string>(["/"]);
  readonly #durableNames = new Map<string, Inode>();

  constructor(options: PowerLossOptions = {}) {
    this.#at = options.at ?? Infinity;
    this.#when = options.when ?? "before";
  }

  create(path: string, mode: number): Promise<LocalFile> {
    return this.#call(() => {
      this.#needFolder(path);
      if (this.#names.has(path)) throw system("EEXIST");
      const inode: Inode = { bytes: new Uint8Array(0), durable: undefined, mode };
      this.#names.set(path, inode);
      return this.#open(inode);
    });
  }

  open(path: string): Promise<LocalFile> {
    return this.#call(() => this.#open(this.#existing(path)));
  }

  mkdir(path: string): Promise<void> {
    return this.#call(() => {
      this.#needFolder(path);
      if (this.#folders.has(path) || this.#names.has(path)) throw system("EEXIST");
      this.#folders.add(path);
    });
  }

  link(from: string, to: string): Promise<void> {
    return this.#call(() => {
      const inode = this.#existing(from);
      this.#needFolder(to);
      if (this.#names.has(to)) throw system("EEXIST");
      this.#names.set(to, inode);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(() => {
      this.#names.set(to, this.#existing(from));
      this.#names.delete(from);
    });
  }

  unlink(path: string): Promise<void> {
    return this.#call(() => {
      this.#existing(path);
      this.#names.delete(path);
    });
  }

  stat(path: string): Promise<LocalStat | undefined> {
    return this.#call(() => {
      const inode = this.#names.get(path);
      if (inode !== undefined) {
        return { isFile: true, size: inode.bytes.length, mode: inode.mode, mtimeMs: 0 };
      }
      return this.#folders.has(path)
        ? { isFile: false, size: 0, mode: 0o700, mtimeMs: 0 }
        : undefined;
    });
  }

  async *names(path: string, folders = false): AsyncGenerator<string> {
    const found = await this.#call(() => {
      if (!this.#folders.has(path)) throw system("ENOENT");
      return [...(folders ? this.#folders : this.#names.keys())];
    });
    for (const name of found) if (dirname(name) === path && name !== path) yield baseOf(name);
  }

  syncFolder(path: string): Promise<boolean> {
    return this.#call(() => {
      for (const name of [...this.#names.keys(), ...this.#durableNames.keys()]) {
        if (dirname(name) !== path) continue;
        const inode = this.#names.get(name);
        if (inode === undefined) this.#durableNames.delete(name);
        else this.#durableNames.set(name, inode);
      }
      for (const name of this.#folders) if (dirname(name) === path) this.#durableFolders.add(name);
      return true;
    });
  }

  /** A new file system with one outcome of losing power now, drawn from `random`. */
  loseDisk(random: Random): PowerLossFiles {
    const after = new PowerLossFiles();
    const survives = (): boolean => randomBelow(random, 2) === 1;
    const drawn = new Map<Inode, Inode>();
    const contentOf = (inode: Inode): Inode => {
      let kept = drawn.get(inode);
      if (kept === undefined) {
        const bytes = inode.durable ?? damaged(inode.bytes, random);
        kept = { bytes, durable: bytes, mode: inode.mode };
        drawn.set(inode, kept);
      }
      return kept;
    };
    for (const folder of this.#folders) {
      const kept = this.#durableFolders.has(folder) || survives();
      if (kept && after.#folders.has(dirname(folder))) after.#folders.add(folder);
    }
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const [now, durable] = [this.#names.get(name), this.#durableNames.get(name)];
      const kept = now === durable || survives() ? now : durable;
      if (kept !== undefined && after.#folders.has(dirname(name))) {
        after.#names.set(name, contentOf(kept));
      }
    }
    for (const folder of after.#folders) after.#durableFolders.add(folder);
    for (const [name, inode] of after.#names) after.#durableNames.set(name, inode);
    return after;
  }

  #open(inode: Inode): LocalFile {
    return {
      write: (parts) =>
        this.#call(() => {
          inode.bytes = concatBytes([inode.bytes, ...parts]);
          inode.durable = undefined;
        }),
      read: (into, position) =>
        this.#call(() => {
          const part = inode.bytes.subarray(position, position + into.length);
          into.set(part);
          return part.length;
        }),
      size: () => this.#call(() => inode.bytes.length),
      chmod: (mode) =>
        this.#call(() => {
          inode.mode = mode;
        }),
      sync: () =>
        this.#call(() => {
          inode.durable = inode.bytes;
          return true;
        }),
      close: () => this.#call(() => undefined),
    };
  }

  async #call<T>(effect: () => T): Promise<T> {
    if (this.#dead) throw new SimulatedCrash(this.calls);
    this.calls++;
    if (this.calls === this.#at && this.#when === "before") this.#die();
    try {
      return effect();
    } finally {
      // Also after a call that failed: its error is not seen by a dead process.
      if (this.calls === this.#at) this.#die();
    }
  }

  #die(): never {
    this.#dead = true;
    throw new SimulatedCrash(this.calls);
  }

  #existing(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw system("ENOENT");
    return inode;
  }

  #needFolder(path: string): void {
    if (!this.#folders.has(dirname(path))) throw system("ENOENT");
  }
}

/** What may be left of content that was never synced: all, none, a part by blocks, or zeros. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  switch (randomBelow(random, 4)) {
    case 0:
      return bytes;
    case 1:
      return new Uint8Array(0);
    case 2:
      return bytes.slice(0, 512 * randomBelow(random, Math.ceil(bytes.length / 512) + 1));
    default:
      return new Uint8Array(bytes.length);
  }
}

function system(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
