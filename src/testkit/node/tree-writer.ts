/** Writes entries of every kind under a folder, by raw names; for trees that tests are made on. */
import { spawnSync } from "node:child_process";
import { closeSync, linkSync, mkdirSync, openSync, truncateSync, writeSync } from "node:fs";
import { symlinkSync, writeFileSync, chmodSync } from "node:fs";
import { utf8 } from "#base/bytes.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { posixCalls, type PosixCalls } from "#platform/node/posix-calls.ts";
import { asBuffer } from "#platform/node/raw-path.ts";
import { systemError } from "#platform/node/system-error.ts";

/** Text stands for its UTF-8 bytes. */
export type RawName = string | Uint8Array;

export class TreeWriter {
  readonly root: Buffer;
  readonly calls: PosixCalls;
  /** Paths made, relative to the root, folders before what is in them. */
  readonly made: Uint8Array[] = [];
  /** What this machine or user could not make, and why. */
  readonly skipped: string[] = [];

  constructor(root: string) {
    const calls = posixCalls();
    if (calls === undefined) throw new Error("odd trees need the native calls");
    this.calls = calls;
    this.root = Buffer.from(root);
  }

  /** Absolute path of a name below the root. */
  at(name: RawName): Buffer {
    const raw = asBuffer(typeof name === "string" ? utf8(name) : name);
    return Buffer.concat([this.root, Buffer.from("/"), raw]);
  }

  folder(name: RawName, mode = 0o755): void {
    mkdirSync(this.at(name));
    this.mode(name, mode);
    this.#note(name);
  }

  file(name: RawName, content: string | Uint8Array = "", mode = 0o644): void {
    writeFileSync(this.at(name), content, { flag: "wx" });
    this.mode(name, mode);
    this.#note(name);
  }

  /** A file that is all hole but for the given pieces. */
  sparse(name: RawName, size: number, pieces: readonly (readonly [number, string])[]): void {
    this.file(name);
    truncateSync(this.at(name), size);
    const fd = openSync(this.at(name), "r+");
    for (const [offset, text] of pieces) writeSync(fd, utf8(text), 0, undefined, offset);
    closeSync(fd);
  }

  symlink(name: RawName, target: RawName): void {
    const text = typeof target === "string" ? Buffer.from(target) : asBuffer(target);
    symlinkSync(text, this.at(name));
    this.#note(name);
  }

  hardLink(existing: RawName, name: RawName): void {
    linkSync(this.at(existing), this.at(name));
    this.#note(name);
  }

  /** `stMode` with its type bits; a device needs root and is skipped without. */
  special(name: RawName, stMode: number, device = 0n): void {
    this.orSkip(`special file ${String(name)}`, ["EPERM"], () => {
      this.calls.mknodat(this.calls.constants.AT_FDCWD, this.at(name), stMode, device);
      this.mode(name, stMode & 0o7777);
      this.#note(name);
    });
  }

  mode(name: RawName, permissions: number): void {
    chmodSync(this.at(name), permissions);
  }

  attribute(name: RawName, attribute: RawName, value: string | Uint8Array): void {
    const raw = typeof attribute === "string" ? utf8(attribute) : attribute;
    const bytes = typeof value === "string" ? utf8(value) : value;
    this.orSkip(`attribute ${String(attribute)}`, ["ENOTSUP", "EPERM", "ENOSPC", "E2BIG"], () => {
      const result = this.calls.lsetxattr(this.at(name), raw, bytes);
      if (result < 0) throw systemError(-result, "setxattr", this.at(name));
    });
  }

  /** Runs `setfacl` where it is installed. */
  acl(name: RawName, ...options: string[]): void {
    const path = this.at(name).toString();
    const { error, status, stderr } = spawnSync("setfacl", [...options, path]);
    if (error !== undefined) this.skipped.push(`ACL: ${error.message}`);
    else if (status !== 0) this.skipped.push(`ACL: ${stderr.toString().trim()}`);
  }

  owner(name: RawName, uid: number, gid: number): void {
    const { AT_FDCWD, AT_SYMLINK_NOFOLLOW } = this.calls.constants;
    this.orSkip(`owner of ${String(name)}`, ["EPERM"], () => {
      this.calls.fchownat(AT_FDCWD, this.at(name), uid, gid, AT_SYMLINK_NOFOLLOW);
    });
  }

  /** Sets mtime, and atime to the same; the link itself where it is a link. */
  time(name: RawName, time: Timestamp): void {
    const { AT_FDCWD, AT_SYMLINK_NOFOLLOW } = this.calls.constants;
    this.calls.utimensat(AT_FDCWD, this.at(name), time, time, AT_SYMLINK_NOFOLLOW);
  }

  /** Runs a step that may be impossible here for the reasons named, and notes when it was. */
  orSkip(what: string, codes: readonly string[], step: () => void): void {
    try {
      step();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === undefined || !codes.includes(code)) throw error;
      this.skipped.push(`${what}: ${message}`);
    }
  }

  #note(name: RawName): void {
    this.made.push(typeof name === "string" ? utf8(name) : name);
  }
}
