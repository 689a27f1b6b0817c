/** The made-up file system behind {@link MemorySource}: inodes, names, and finding them by path. */
import type { Timestamp } from "#base/timestamp.ts";
import type { NodeMeta } from "#format/node.ts";
import { goModeOf, posixModeOf } from "#platform/posix-mode.ts";
import {
  bytesOf,
  type EntryDescription,
  type EntryName,
  type MemoryContent,
} from "#testkit/memory-entry.ts";

/** What a name leads to. Open files keep it when the name is gone. */
export interface Inode {
  meta: NodeMeta;
  content: MemoryContent;
  /** Folders only: key → raw name and inode, in order of creation. */
  readonly children: Map<string, { readonly name: Uint8Array; readonly inode: Inode }> | undefined;
}

export type MemoryPath = string | Uint8Array;

const EMPTY: MemoryContent = { size: 0, read() {} };

/** A system error as the real source throws it. */
export function memoryError(code: string, call: string, path: Uint8Array): Error {
  const shown = new TextDecoder().decode(path);
  return Object.assign(new Error(`${code}: ${call} '${shown}'`), { code, syscall: call });
}

/** One character per byte: equal keys mean equal bytes. */
export function keyOf(bytes: Uint8Array): string {
  let key = "";
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}

/** Parts of an absolute path, as keys. */
export function partsOf(path: MemoryPath): string[] {
  return keyOf(bytesOf(path))
    .split("/")
    .filter((part) => part !== "");
}

const DEFAULT_PERMISSIONS: Readonly<Record<string, number>> = { dir: 0o755, symlink: 0o777 };

/** Makes inodes with numbers 1, 2, … and times that depend on nothing but the description. */
export class InodeFactory {
  #next = 1n;
  readonly #now: () => Timestamp;

  /** `now` gives ctime, and mtime where the description has none. */
  constructor(now: () => Timestamp) {
    this.#now = now;
  }

  make(from: EntryDescription): Inode {
    const inode: Inode = {
      meta: this.#meta(from),
      content: from.type === "file" ? from.content : EMPTY,
      children: from.type === "dir" ? new Map() : undefined,
    };
    if (from.type === "dir") {
      for (const [name, entry] of from.entries) addChild(inode, name, this.make(entry));
    }
    return inode;
  }

  #meta(from: EntryDescription): NodeMeta {
    const now = this.#now();
    const mtime = from.mtime ?? now;
    const permissions = from.permissions ?? DEFAULT_PERMISSIONS[from.type] ?? 0o644;
    // posixModeOf takes Go bits; the nine permission bits are the same in both.
    const typeBits = posixModeOf(from.type, 0);
    const stores = from.type === "file" || from.type === "symlink" || "device" in from;
    return {
      type: from.type,
      mode: goModeOf(typeBits | permissions),
      mtime,
      atime: from.atime ?? mtime,
      ctime: now,
      uid: from.uid ?? 1000,
      gid: from.gid ?? 1000,
      user: from.user ?? "ada",
      group: from.group ?? "staff",
      inode: this.#next++,
      deviceId: from.deviceId ?? 1n,
      size: from.type === "file" ? from.content.size : 0,
      links: stores ? 1n : 0n,
      linkTarget: from.type === "symlink" ? from.target : undefined,
      xattrs: from.xattrs ?? [],
      device: "device" in from ? from.device : 0n,
    };
  }
}

/** Puts a name into a folder, in place of what had that name. */
export function addChild(folder: Inode, name: EntryName, inode: Inode): void {
  const raw = bytesOf(name);
  if (folder.children === undefined) throw memoryError("ENOTDIR", "add", raw);
  folder.children.set(keyOf(raw), { name: raw, inode });
}

/** The inode at a path; links are not followed. @throws ENOENT, ENOTDIR */
export function findInode(root: Inode, path: MemoryPath, call: string): Inode {
  let inode = root;
  for (const part of partsOf(path)) {
    if (inode.children === undefined) throw memoryError("ENOTDIR", call, bytesOf(path));
    const child = inode.children.get(part);
    if (child === undefined) throw memoryError("ENOENT", call, bytesOf(path));
    inode = child.inode;
  }
  return inode;
}
