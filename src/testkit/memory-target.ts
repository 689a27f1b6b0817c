/**
 * A restore target in memory, for simulations and tests: behaves as a POSIX file system does, links
 * never followed. Failures can be planted by path.
 */
import { fromUtf8 } from "#base/bytes.ts";
import type { ExtendedAttribute, NodeType } from "#format/node.ts";
import type {
  EntryMeta,
  RestoreTarget,
  TargetFile,
  TargetFolder,
  TargetStat,
} from "#platform/restore-target.ts";

/** One object of the made-up file system. Tests read it. */
export interface MemoryInode {
  readonly number: number;
  readonly type: NodeType;
  content: Uint8Array;
  /** By name, one character a byte. Folders only. */
  readonly children: Map<string, MemoryInode>;
  readonly linkTarget: Uint8Array;
  readonly device: bigint;
  links: number;
  mode: number;
  uid: number;
  gid: number;
  mtimeSeconds: number;
  mtimeNanos: number;
  xattrs: readonly ExtendedAttribute[];
}

export type TargetCall = "create" | "open" | "write" | "read" | "makeFolder" | "meta" | "remove";

/** Called before each call; throw to make it fail. `name` is the entry's own name. */
export type TargetFault = (call: TargetCall, name: string) => void;

const NOTHING = new Uint8Array(0);

function failure(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: ${name}`), { code });
}

function keyOf(name: Uint8Array): string {
  let key = "";
  for (const byte of name) key += String.fromCharCode(byte);
  return key;
}

function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, (char) => char.charCodeAt(0));
}

/** The whole file system; hand `open` to a platform as `openTarget`. */
export class MemoryTarget {
  #numbers = 0;
  readonly root: MemoryInode = this.inode("dir");
  fault: TargetFault | undefined;
  /** Calls by kind, for tests that count. */
  readonly calls = new Map<TargetCall, number>();
  /** Folders opened and not closed. */
  openFolders = 0;
  /** Files opened and not closed. */
  openFiles = 0;

  inode(type: NodeType, fields: Partial<MemoryInode> = {}): MemoryInode {
    return {
      number: ++this.#numbers,
      type,
      content: NOTHING,
      children: new Map(),
      linkTarget: NOTHING,
      device: 0n,
      links: 1,
      mode: 0,
      uid: 0,
      gid: 0,
      mtimeSeconds: 0,
      mtimeNanos: 0,
      xattrs: [],
      ...fields,
    };
  }

  /** What {@link RestoreTarget.synchronous} says; all calls are, either way. */
  synchronous = true;

  called(call: TargetCall, name: string): void {
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1);
    this.fault?.(call, name);
  }

  /** As a platform's `openTarget`. */
  open(root: string): RestoreTarget {
    return {
      root,
      synchronous: this.synchronous,
      openRoot: () => new MemoryFolder(this, this.root),
      ownerOf: (user, group, uid, gid) => [
        user === "known" ? 1234 : uid,
        group === "known" ? 4321 : gid,
      ],
    };
  }

  /** The object at a path of UTF-8 names, links not followed. */
  at(path: string): MemoryInode | undefined {
    let inode: MemoryInode | undefined = this.root;
    for (const part of path.split("/").filter((name) => name !== "")) {
      inode = inode?.children.get(keyOf(new TextEncoder().encode(part)));
    }
    return inode;
  }

  /** Content of a file as text. */
  text(path: string): string | undefined {
    const inode = this.at(path);
    return inode?.type === "file" ? fromUtf8(inode.content) : undefined;
  }

  /** Puts a file there, its folders made. */
  putFile(path: string, text: string, fields: Partial<MemoryInode> = {}): MemoryInode {
    const content = new TextEncoder().encode(text);
    return this.put(path, this.inode("file", { content, ...fields }));
  }

  put(path: string, inode: MemoryInode): MemoryInode {
    const parts = path.split("/").filter((name) => name !== "");
    const name = parts.pop()!;
    let folder = this.root;
    for (const part of parts) {
      let next = folder.children.get(part);
      if (next === undefined) folder.children.set(part, (next = this.inode("dir")));
      folder = next;
    }
    folder.children.set(name, inode);
    return inode;
  }
}

function statOf(inode: MemoryInode): TargetStat {
  return {
    type: inode.type,
    size: inode.content.length,
    mtimeSeconds: inode.mtimeSeconds,
    mtimeNanos: inode.mtimeNanos,
    links: inode.links,
    identity: String(inode.number),
  };
}

function applyMeta(inode: MemoryInode, meta: EntryMeta): number {
  const { mode, uid, gid, mtimeSeconds, mtimeNanos } = meta;
  Object.assign(inode, { mode, uid, gid, mtimeSeconds, mtimeNanos, xattrs: [...meta.xattrs] });
  return 0;
}

class MemoryFile implements TargetFile {
  readonly #target: MemoryTarget;
  readonly #inode: MemoryInode;
  readonly #name: string;
  #closed = false;

  constructor(target: MemoryTarget, inode: MemoryInode, name: string) {
    this.#target = target;
    this.#inode = inode;
    this.#name = name;
    target.openFiles++;
  }

  stat(): TargetStat {
    return statOf(this.#inode);
  }

  read(into: Uint8Array, position: number): number {
    this.#target.called("read", this.#name);
    const part = this.#inode.content.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#target.called("write", this.#name);
    const end = position + bytes.length;
    if (end > this.#inode.content.length) this.truncate(end);
    this.#inode.content.set(bytes, position);
  }

  truncate(size: number): void {
    const content = new Uint8Array(size);
    content.set(this.#inode.content.subarray(0, size));
    this.#inode.content = content;
  }

  applyMeta(meta: EntryMeta): number {
    this.#target.called("meta", this.#name);
    return applyMeta(this.#inode, meta);
  }

  close(): void {
    if (this.#closed) throw failure("EBADF", this.#name);
    this.#closed = true;
    this.#target.openFiles--;
  }
}

class MemoryFolder implements TargetFolder {
  readonly #target: MemoryTarget;
  readonly #inode: MemoryInode;
  #closed = false;

  constructor(target: MemoryTarget, inode: MemoryInode) {
    this.#target = target;
    this.#inode = inode;
    target.openFolders++;
  }

  #child(name: Uint8Array): MemoryInode {
    const found = this.#inode.children.get(keyOf(name));
    if (found === undefined) throw failure("ENOENT", keyOf(name));
    return found;
  }

  #add(name: Uint8Array, inode: MemoryInode): void {
    if (this.#closed) throw failure("EBADF", keyOf(name));
    if (this.#inode.children.has(keyOf(name))) throw failure("EEXIST", keyOf(name));
    this.#inode.children.set(keyOf(name), inode);
  }

  openFolder(name: Uint8Array): TargetFolder {
    if (this.#closed) throw failure("EBADF", keyOf(name));
    const inode = this.#child(name);
    if (inode.type === "symlink") throw failure("ELOOP", keyOf(name));
    if (inode.type !== "dir") throw failure("ENOTDIR", keyOf(name));
    return new MemoryFolder(this.#target, inode);
  }

  makeFolder(name: Uint8Array): void {
    this.#target.called("makeFolder", keyOf(name));
    this.#add(name, this.#target.inode("dir"));
  }

  stat(name: Uint8Array): TargetStat | undefined {
    const inode = this.#inode.children.get(keyOf(name));
    return inode === undefined ? undefined : statOf(inode);
  }

  list(): Uint8Array[] {
    return [...this.#inode.children.keys()].map(bytesOf);
  }

  createFile(name: Uint8Array): TargetFile {
    this.#target.called("create", keyOf(name));
    const inode = this.#target.inode("file");
    this.#add(name, inode);
    return new MemoryFile(this.#target, inode, keyOf(name));
  }

  openFile(name: Uint8Array): TargetFile {
    this.#target.called("open", keyOf(name));
    const inode = this.#child(name);
    if (inode.type === "symlink") throw failure("ELOOP", keyOf(name));
    if (inode.type !== "file") throw failure("ENOTREG", keyOf(name));
    return new MemoryFile(this.#target, inode, keyOf(name));
  }

  makeSymlink(name: Uint8Array, linkTarget: Uint8Array): void {
    this.#add(name, this.#target.inode("symlink", { linkTarget: linkTarget.slice() }));
  }

  makeSpecial(name: Uint8Array, type: NodeType, device: bigint): void {
    this.#add(name, this.#target.inode(type, { device }));
  }

  makeHardLink(name: Uint8Array, fromFolder: TargetFolder, from: Uint8Array): void {
    if (!(fromFolder instanceof MemoryFolder)) throw new TypeError("folder of another target");
    const inode = fromFolder.#child(from);
    this.#add(name, inode);
    inode.links++;
  }

  removeFile(name: Uint8Array): void {
    this.#target.called("remove", keyOf(name));
    const inode = this.#child(name);
    if (inode.type === "dir") throw failure("EISDIR", keyOf(name));
    inode.links--;
    this.#inode.children.delete(keyOf(name));
  }

  removeFolder(name: Uint8Array): void {
    this.#target.called("remove", keyOf(name));
    const inode = this.#child(name);
    if (inode.type !== "dir") throw failure("ENOTDIR", keyOf(name));
    if (inode.children.size > 0) throw failure("ENOTEMPTY", keyOf(name));
    this.#inode.children.delete(keyOf(name));
  }

  applyEntryMeta(name: Uint8Array, _type: NodeType, meta: EntryMeta): number {
    this.#target.called("meta", keyOf(name));
    return applyMeta(this.#child(name), meta);
  }

  applyMeta(meta: EntryMeta): number {
    return applyMeta(this.#inode, meta);
  }

  close(): void {
    if (this.#closed) throw failure("EBADF", "folder");
    this.#closed = true;
    this.#target.openFolders--;
  }
}
