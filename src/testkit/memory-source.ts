/**
 * A source that exists only in memory: every run gives the same metadata and bytes. Tests change it
 * under the reader's feet and make single calls fail, at an exact call or byte.
 */
import type { Timestamp } from "#base/timestamp.ts";
import type { NodeMeta } from "#format/node.ts";
import type { RawPath, SourceFile, SourceTree } from "#platform/source-tree.ts";
import {
  bytesOf,
  fileOf,
  type EntryDescription,
  type MemoryContent,
} from "#testkit/memory-entry.ts";
import {
  addChild,
  findInode,
  InodeFactory,
  keyOf,
  memoryError,
  partsOf,
  type Inode,
  type MemoryPath,
} from "#testkit/memory-inodes.ts";

export type SourceCall = "list" | "lstat" | "open" | "read";

/** When a planned event happens. */
export interface EventTrigger {
  readonly call: SourceCall;
  readonly path: MemoryPath;
  /**
   * `read` only: before the read that would pass this byte; reads are cut to end there. Default 0.
   */
  readonly atByte?: number;
  /** Every time, instead of once. */
  readonly always?: boolean;
}

interface PlannedEvent extends EventTrigger {
  readonly key: string;
  readonly action: () => void;
  done: boolean;
}

/** Start of the made-up clock; each change moves it on by a second. */
const START_SECONDS = 1_700_000_000;

export class MemorySource implements SourceTree {
  readonly #root: Inode;
  readonly #inodes: InodeFactory;
  #events: PlannedEvent[] = [];
  #changes = 0;
  /** Every call made so far, `open /a/b`, in order: shows what a run did not touch. */
  readonly calls: string[] = [];
  /** Files open now. */
  openFiles = 0;

  /** `root` describes `/`. */
  constructor(root: EntryDescription & { readonly type: "dir" }) {
    this.#inodes = new InodeFactory(() => this.#now());
    this.#root = this.#inodes.make(root);
  }

  list(directory: RawPath): Uint8Array[] {
    this.#happen("list", directory);
    const { children } = findInode(this.#root, directory, "list");
    if (children === undefined) throw memoryError("ENOTDIR", "list", directory);
    return [...children.values()].map((child) => child.name.slice());
  }

  lstat(path: RawPath): NodeMeta {
    this.#happen("lstat", path);
    return metaOf(findInode(this.#root, path, "lstat"));
  }

  open(path: RawPath): SourceFile {
    this.#happen("open", path);
    const inode = findInode(this.#root, path, "open");
    if (inode.meta.type !== "file") throw memoryError("ENOTREG", "open", path);
    this.openFiles++;
    const key = keyOf(path);
    let position = 0;
    let open = true;
    return {
      meta: metaOf(inode),
      read: (into, at, length, given) => {
        if (!open) throw memoryError("EBADF", "read", path);
        const from = given ?? position;
        const wanted = this.#beforeRead(key, path, from, length);
        const count = Math.max(0, Math.min(wanted, inode.content.size - from));
        if (count > 0) inode.content.read(from, into, at, count);
        if (given === undefined) position += count;
        return count;
      },
      close: () => {
        if (open) this.openFiles--;
        open = false;
      },
    };
  }

  /** Creates or replaces what is at `path` (a new inode). The parent folder must exist. */
  put(path: MemoryPath, entry: EntryDescription): void {
    this.#changes++;
    const { folder, name } = this.#place(path);
    addChild(folder, name, this.#inodes.make(entry));
    this.#touch(folder);
  }

  remove(path: MemoryPath): void {
    this.#changes++;
    const { folder, name } = this.#place(path);
    if (!folder.children?.delete(keyOf(name))) {
      throw memoryError("ENOENT", "remove", bytesOf(path));
    }
    this.#touch(folder);
  }

  /** Gives a file a second name: both lead to the same inode. */
  link(existing: MemoryPath, path: MemoryPath): void {
    this.#changes++;
    const inode = findInode(this.#root, existing, "link");
    const { folder, name } = this.#place(path);
    addChild(folder, name, inode);
    inode.meta = { ...inode.meta, links: inode.meta.links + 1n, ctime: this.#now() };
    this.#touch(folder);
  }

  /**
   * Changes a file's bytes in place: open files see it. Moves mtime and ctime on; `keepMtime`
   * leaves mtime, as a program does that sets it back; `keepCtime` too, as a broken clock would.
   */
  write(
    path: MemoryPath,
    content: string | Uint8Array | MemoryContent,
    options: { readonly keepMtime?: boolean; readonly keepCtime?: boolean } = {},
  ): void {
    this.#changes++;
    const inode = findInode(this.#root, path, "write");
    const next = fileOf(content).content;
    const now = this.#now();
    inode.content = next;
    inode.meta = {
      ...inode.meta,
      size: next.size,
      mtime: options.keepMtime ? inode.meta.mtime : now,
      ctime: options.keepCtime ? inode.meta.ctime : now,
    };
  }

  /** Changes single facts of an entry; ctime moves on unless given. */
  setMeta(path: MemoryPath, change: Partial<NodeMeta>): void {
    this.#changes++;
    const inode = findInode(this.#root, path, "setMeta");
    inode.meta = { ...inode.meta, ctime: this.#now(), ...change };
  }

  /** Runs `action` just before the call that `when` describes; it may change the source. */
  before(when: EventTrigger, action: () => void): void {
    this.#events.push({ ...when, key: keyOf(bytesOf(when.path)), action, done: false });
  }

  /** Makes a call fail with a system code, always unless `always` is false. */
  fail(when: EventTrigger, code: string): void {
    this.before({ always: true, ...when }, () => {
      throw memoryError(code, when.call, bytesOf(when.path));
    });
  }

  /** Drops all events and failures planned. */
  clearEvents(): void {
    this.#events = [];
  }

  #place(path: MemoryPath): { folder: Inode; name: Uint8Array } {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw memoryError("EINVAL", "place", bytesOf(path));
    const parent = Uint8Array.from(`/${parts.join("/")}`, (char) => char.charCodeAt(0));
    return {
      folder: findInode(this.#root, parent, "place"),
      name: Uint8Array.from(name, (char) => char.charCodeAt(0)),
    };
  }

  #touch(folder: Inode): void {
    folder.meta = { ...folder.meta, mtime: this.#now(), ctime: this.#now() };
  }

  #now(): Timestamp {
    return { seconds: START_SECONDS + this.#changes, nanos: 0 };
  }

  #happen(call: SourceCall, path: RawPath): void {
    this.calls.push(`${call} ${new TextDecoder().decode(path)}`);
    const key = keyOf(path);
    for (const event of this.#events) {
      if (event.call !== call || event.key !== key || event.done) continue;
      event.done = event.always !== true;
      event.action();
    }
  }

  /** Runs events due at `position` and returns how much may be read before the next one. */
  #beforeRead(key: string, path: RawPath, position: number, length: number): number {
    let wanted = length;
    for (const event of this.#events) {
      if (event.call !== "read" || event.key !== key || event.done) continue;
      const at = event.atByte ?? 0;
      if (at > position) {
        wanted = Math.min(wanted, at - position);
        continue;
      }
      event.done = event.always !== true;
      event.action();
    }
    this.calls.push(`read ${new TextDecoder().decode(path)}`);
    return wanted;
  }
}

/** A copy, so that a caller cannot change the source by accident. */
function metaOf(inode: Inode): NodeMeta {
  return { ...inode.meta };
}
