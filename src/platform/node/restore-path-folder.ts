/**
 * A folder of a restore target where there are no descriptor-relative calls (Windows, macOS without
 * native calls). Before each call the folder's identity is checked again, so that a folder that was
 * swapped for a link is refused; a swap within the same microseconds is not caught there.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  lchownSync,
} from "node:fs";
import { nameProblem } from "#format/safe-name.ts";
import { asSeconds, OPEN, PROC_CALLS } from "#platform/node/restore-calls.ts";
import { DescriptorFile, MetaSteps, targetStatOf } from "#platform/node/restore-file.ts";
import { namedError, systemCode } from "#platform/node/system-error.ts";
import {
  META_SHORTFALL,
  type EntryMeta,
  type TargetFolder,
  type TargetStat,
} from "#platform/restore-target.ts";

const windows = process.platform === "win32";
const SEPARATOR = Buffer.from("/");

/** See the contract. */
export class PathFolder implements TargetFolder {
  readonly #path: Buffer;
  readonly #identity: string;

  /** @throws `ENOTDIR` unless a real folder is at the path */
  constructor(path: Buffer) {
    this.#path = path;
    this.#identity = identityOf(path);
  }

  #at(name: Uint8Array): Buffer {
    const problem = nameProblem(name, windows);
    if (problem !== undefined) throw namedError("EINVAL", problem, "open", name);
    if (identityOf(this.#path) !== this.#identity) {
      throw namedError("ENOTDIR", "the folder was replaced meanwhile", "open", this.#path);
    }
    return Buffer.concat([this.#path, SEPARATOR, name]);
  }

  openFolder(name: Uint8Array): PathFolder {
    return new PathFolder(this.#at(name));
  }

  makeFolder(name: Uint8Array): void {
    mkdirSync(this.#at(name), { mode: 0o700 });
  }

  stat(name: Uint8Array): TargetStat | undefined {
    try {
      return targetStatOf(lstatSync(this.#at(name), { bigint: true }));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  list(): Uint8Array[] {
    return readdirSync(this.#path, { encoding: "buffer" });
  }

  createFile(name: Uint8Array): DescriptorFile {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW;
    return new DescriptorFile(openSync(this.#at(name), flags, 0o600), PROC_CALLS);
  }

  openFile(name: Uint8Array, access: "read" | "write"): DescriptorFile {
    const path = this.#at(name);
    const seen = lstatSync(path, { bigint: true });
    if (!seen.isFile()) throw namedError("ENOTREG", "not a regular file", "open", name);
    const fd = openSync(path, windows ? WINDOWS_OPEN[access] : OPEN[access]);
    const opened = fstatSync(fd, { bigint: true });
    if (opened.ino !== seen.ino || opened.dev !== seen.dev) {
      closeSync(fd);
      throw namedError("ENOTREG", "the file was replaced meanwhile", "open", name);
    }
    return new DescriptorFile(fd, PROC_CALLS);
  }

  makeSymlink(name: Uint8Array, linkTarget: Uint8Array): void {
    symlinkSync(Buffer.from(linkTarget), this.#at(name));
  }

  makeSpecial(name: Uint8Array): void {
    throw namedError("ENOTSUP", "this system has no such files", "mknod", name);
  }

  makeHardLink(name: Uint8Array, fromFolder: TargetFolder, from: Uint8Array): void {
    if (!(fromFolder instanceof PathFolder)) throw new TypeError("folder of another target");
    linkSync(fromFolder.#at(from), this.#at(name));
  }

  removeFile(name: Uint8Array): void {
    unlinkSync(this.#at(name));
  }

  removeFolder(name: Uint8Array): void {
    rmdirSync(this.#at(name));
  }

  applyEntryMeta(name: Uint8Array, _type: string, meta: EntryMeta): number {
    const path = this.#at(name);
    const steps = new MetaSteps();
    if (!windows) steps.owner(() => lchownSync(path, meta.uid, meta.gid));
    steps.run(() => lutimesSync(path, ...asSeconds(meta)));
    return steps.finish(PROC_CALLS) | xattrShortfall(meta);
  }

  applyMeta(meta: EntryMeta): number {
    const steps = new MetaSteps();
    if (identityOf(this.#path) !== this.#identity) {
      throw namedError("ENOTDIR", "the folder was replaced meanwhile", "chmod", this.#path);
    }
    if (!windows) steps.owner(() => chownSync(this.#path, meta.uid, meta.gid));
    steps.run(() => chmodSync(this.#path, steps.permissions(meta)));
    steps.run(() => utimesSync(this.#path, ...asSeconds(meta)));
    return steps.finish(PROC_CALLS) | xattrShortfall(meta);
  }

  close(): void {
    // Nothing is held open.
  }
}

const NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const WINDOWS_OPEN = { read: constants.O_RDONLY, write: constants.O_WRONLY } as const;

function xattrShortfall(meta: EntryMeta): number {
  return meta.xattrs.length > 0 ? META_SHORTFALL.xattr : 0;
}

function identityOf(path: Buffer): string {
  const stat = lstatSync(path, { bigint: true });
  if (!stat.isDirectory()) throw namedError("ENOTDIR", "not a folder", "open", path);
  return `${stat.dev}:${stat.ino}`;
}
