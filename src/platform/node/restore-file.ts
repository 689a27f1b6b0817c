/** An open regular file of a restore target: everything goes through its descriptor. */
import {
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { compareBytes, fromUtf8 } from "#base/bytes.ts";
import { permissionsOf, nodeTypeOf } from "#platform/posix-mode.ts";
import type { RestoreCalls } from "#platform/node/restore-calls.ts";
import { systemCode } from "#platform/node/system-error.ts";
import {
  META_SHORTFALL,
  type EntryMeta,
  type TargetFile,
  type TargetStat,
} from "#platform/restore-target.ts";

/** What an entry is known to have. */
export interface KnownState {
  readonly uid: number;
  readonly gid: number;
  /** It has no extended attributes. */
  readonly bare: boolean;
}

/** See the contract; `known` spares a call that would change nothing. */
export class DescriptorFile implements TargetFile {
  readonly #fd: number;
  readonly #calls: RestoreCalls;
  readonly #known: KnownState | undefined;

  constructor(fd: number, calls: RestoreCalls, known?: KnownState) {
    this.#fd = fd;
    this.#calls = calls;
    this.#known = known;
  }

  stat(): TargetStat {
    return targetStatOf(fstatSync(this.#fd, { bigint: true }));
  }

  read(into: Uint8Array, position: number): number {
    return readSync(this.#fd, into, 0, into.length, position);
  }

  write(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
    }
  }

  truncate(size: number): void {
    ftruncateSync(this.#fd, size);
  }

  applyMeta(meta: EntryMeta): number {
    return applyByDescriptor(this.#fd, this.#calls, meta, this.#known);
  }

  close(): void {
    this.#calls.close(this.#fd);
  }
}

/** Facts of an entry from Node's own stat. */
export function targetStatOf(stat: BigIntStats): TargetStat {
  const nanos = stat.mtimeNs % 1_000_000_000n;
  const forward = nanos < 0n ? nanos + 1_000_000_000n : nanos;
  return {
    type: nodeTypeOf(Number(stat.mode)),
    size: Number(stat.size),
    mtimeSeconds: Number((stat.mtimeNs - forward) / 1_000_000_000n),
    mtimeNanos: Number(forward),
    links: Number(stat.nlink),
    identity: `${stat.dev}:${stat.ino}`,
  };
}

const isRoot = typeof process.geteuid === "function" && process.geteuid() === 0;

/**
 * Owner, attributes, permissions, times of an open file or folder. Goes on after a failure, so that
 * one refused attribute does not cost the times, and throws the first failure at the end.
 */
export function applyByDescriptor(
  fd: number,
  calls: RestoreCalls,
  meta: EntryMeta,
  known?: KnownState,
): number {
  const steps = new MetaSteps();
  const owned = known !== undefined && known.uid === meta.uid && known.gid === meta.gid;
  if (!owned) {
    steps.owner(() => fchownSync(fd, meta.uid, meta.gid));
  }
  if (meta.onlyTheseXattrs && known?.bare !== true) {
    for (const name of calls.flistxattr(fd)) {
      if (isForeign(name, meta)) steps.xattr(() => calls.fremovexattr(fd, name));
    }
  }
  for (const { name, value } of meta.xattrs) steps.xattr(() => calls.fsetxattr(fd, name, value));
  const wanted = steps.permissions(meta);
  // Always: folders with default ACLs give new files other permissions than those asked for.
  steps.run(() => fchmodSync(fd, wanted));
  steps.run(() => calls.futimes(fd, meta));
  return steps.finish(calls);
}

/** Attributes that users set; others belong to the system (labels of SELinux, overlay marks). */
const USERS_OWN = /^(?:user\.|system\.posix_acl_|security\.capability$)/;

function isForeign(name: Uint8Array, meta: EntryMeta): boolean {
  if (meta.xattrs.some((own) => compareBytes(own.name, name) === 0)) return false;
  return USERS_OWN.test(fromUtf8(name));
}

/** Runs the steps of applying metadata and sorts failures from shortfalls. */
export class MetaSteps {
  #shortfall = 0;
  #first: unknown;

  run(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    this.#first ??= error;
  }

  /**
   * Giving files away is root's right: as others, EPERM is a shortfall, as with cp -p and restic.
   */
  owner(step: () => void): void {
    try {
      step();
    } catch (error) {
      const code = systemCode(error);
      if (isRoot || (code !== "EPERM" && code !== "EINVAL")) this.failed(error);
      this.#shortfall |= META_SHORTFALL.owner;
    }
  }

  xattr(step: () => void): void {
    try {
      step();
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOTSUP" || code === "EOPNOTSUPP") this.#shortfall |= META_SHORTFALL.xattr;
      else this.failed(error);
    }
  }

  /** A setuid program must not end up with another owner than the one it was recorded with. */
  permissions(meta: EntryMeta): number {
    const wanted = permissionsOf(meta.mode);
    if ((this.#shortfall & META_SHORTFALL.owner) === 0 || (wanted & 0o6000) === 0) return wanted;
    this.#shortfall |= META_SHORTFALL.setId;
    return wanted & ~0o6000;
  }

  finish(calls: Pick<RestoreCalls, "exactTimes">): number {
    if (this.#first !== undefined) throw this.#first;
    return calls.exactTimes ? this.#shortfall : this.#shortfall | META_SHORTFALL.time;
  }
}
