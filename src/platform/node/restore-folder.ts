/**
 * A folder of a restore target on Linux, held by its descriptor. Every name is resolved relative to
 * that descriptor and never through a link, so that neither the tree nor a process that swaps
 * folders meanwhile can lead a write elsewhere.
 */
import { chmodSync, fstatSync, lstatSync, readdirSync } from "node:fs";
import type { NodeType } from "#format/node.ts";
import { nodeTypeOf, posixModeOf, S_IFMT } from "#platform/posix-mode.ts";
import { OPEN, procPath, type RestoreCalls } from "#platform/node/restore-calls.ts";
import {
  applyByDescriptor,
  DescriptorFile,
  MetaSteps,
  targetStatOf,
  type KnownState,
} from "#platform/node/restore-file.ts";
import { namedError, systemCode } from "#platform/node/system-error.ts";
import type { EntryMeta, TargetFolder, TargetStat } from "#platform/restore-target.ts";

const S_IFREG = 0o100000;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** See the contract. */
export class DescriptorFolder implements TargetFolder {
  readonly #fd: number;
  readonly #calls: RestoreCalls;
  /**
   * What new files here have, learnt from the first: set-gid folders and mount options change their
   * owner, default ACLs give them attributes.
   */
  #newFiles: KnownState | undefined;

  constructor(fd: number, calls: RestoreCalls) {
    this.#fd = fd;
    this.#calls = calls;
  }

  openFolder(name: Uint8Array): DescriptorFolder {
    return new DescriptorFolder(this.#openFolder(name), this.#calls);
  }

  #openFolder(name: Uint8Array): number {
    return this.#calls.open(this.#fd, name, OPEN.folder, 0);
  }

  makeFolder(name: Uint8Array): void {
    this.#calls.mkdir(this.#fd, name, PRIVATE_FOLDER);
  }

  stat(name: Uint8Array): TargetStat | undefined {
    try {
      return targetStatOf(lstatSync(procPath(this.#fd, name), { bigint: true }));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  list(): Uint8Array[] {
    return readdirSync(procPath(this.#fd), { encoding: "buffer" });
  }

  createFile(name: Uint8Array): DescriptorFile {
    const fd = this.#calls.open(this.#fd, name, OPEN.create, PRIVATE_FILE);
    if (this.#newFiles === undefined) {
      const { uid, gid } = fstatSync(fd);
      this.#newFiles = { uid, gid, bare: this.#calls.flistxattr(fd).length === 0 };
    }
    return new DescriptorFile(fd, this.#calls, this.#newFiles);
  }

  openFile(name: Uint8Array, access: "read" | "write"): DescriptorFile {
    const fd = this.#calls.open(this.#fd, name, OPEN[access], 0);
    const stat = fstatSync(fd);
    if ((stat.mode & S_IFMT) !== S_IFREG) {
      this.#calls.close(fd);
      throw namedError("ENOTREG", "not a regular file", "open", name);
    }
    return new DescriptorFile(fd, this.#calls, { uid: stat.uid, gid: stat.gid, bare: false });
  }

  makeSymlink(name: Uint8Array, linkTarget: Uint8Array): void {
    this.#calls.symlink(linkTarget, this.#fd, name);
  }

  makeSpecial(name: Uint8Array, type: NodeType, device: bigint, mode: number): void {
    const stMode = posixModeOf(type, mode & 0o700);
    this.#calls.mknod(this.#fd, name, stMode, device);
  }

  makeHardLink(name: Uint8Array, fromFolder: TargetFolder, from: Uint8Array): void {
    if (!(fromFolder instanceof DescriptorFolder)) throw new TypeError("folder of another target");
    this.#calls.link(fromFolder.#fd, from, this.#fd, name);
  }

  removeFile(name: Uint8Array): void {
    this.#calls.unlink(this.#fd, name);
  }

  removeFolder(name: Uint8Array): void {
    this.#calls.rmdir(this.#fd, name);
  }

  applyEntryMeta(name: Uint8Array, type: NodeType, meta: EntryMeta): number {
    const calls = this.#calls;
    // A descriptor of the entry itself: what is swapped in meanwhile is not touched.
    const fd = calls.open(this.#fd, name, OPEN.entry, 0);
    try {
      if (nodeTypeOf(fstatSync(fd).mode) !== type) {
        throw namedError("ENOTREG", "something else took the entry's place", "chown", name);
      }
      const steps = new MetaSteps();
      steps.owner(() => calls.chownEntry(fd, meta.uid, meta.gid));
      for (const attribute of meta.xattrs) {
        const path = procPath(this.#fd, name);
        steps.xattr(() => calls.lsetxattr(path, attribute.name, attribute.value));
      }
      const wanted = steps.permissions(meta);
      // A link's own permissions mean nothing and cannot be set.
      if (type !== "symlink") steps.run(() => chmodSync(procPath(fd), wanted));
      steps.run(() => calls.lutimes(this.#fd, name, meta));
      return steps.finish(calls);
    } finally {
      calls.close(fd);
    }
  }

  applyMeta(meta: EntryMeta): number {
    return applyByDescriptor(this.#fd, this.#calls, meta);
  }

  close(): void {
    this.#calls.close(this.#fd);
  }
}
