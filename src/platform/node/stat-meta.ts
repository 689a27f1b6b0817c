/**
 * What `stat` says about an entry, as a {@link NodeMeta} without link target and attributes:
 * decoded from Linux's `struct statx`, or from Node's own stat where that call cannot be had.
 */
import type { BigIntStats } from "node:fs";
import type { Timestamp } from "#base/timestamp.ts";
import type { NodeMeta, NodeType } from "#format/node.ts";
import { goModeOf, nodeTypeOf } from "#platform/posix-mode.ts";

/** The part of an entry that `stat` knows. */
export type StatMeta = Omit<NodeMeta, "linkTarget" | "xattrs" | "user" | "group">;

const NONE: bigint = 0n;

/** Types whose nodes store a hard-link count. */
function storesLinks(type: NodeType): boolean {
  return type === "file" || type === "symlink" || type === "dev" || type === "chardev";
}

function isDevice(type: NodeType): boolean {
  return type === "dev" || type === "chardev";
}

/**
 * Decodes 256 bytes of `struct statx` (offsets: Linux include/uapi/linux/stat.h). Keeps the last
 * device number, since most entries of a walk share it.
 */
export class StatxDecoder {
  readonly buffer = new Uint8Array(256);
  readonly #view = new DataView(this.buffer.buffer);
  #major = -1;
  #minor = -1;
  #deviceId = NONE;

  decode(withAtime: boolean): StatMeta {
    const view = this.#view;
    const stMode = view.getUint16(28, true);
    const type = nodeTypeOf(stMode);
    const mtime = this.#time(112);
    return {
      type,
      mode: goModeOf(stMode),
      mtime,
      atime: withAtime ? this.#time(64) : mtime,
      ctime: this.#time(96),
      uid: view.getUint32(20, true),
      gid: view.getUint32(24, true),
      inode: view.getBigUint64(32, true),
      deviceId: this.#device(),
      size: type === "file" ? view.getUint32(44, true) * 2 ** 32 + view.getUint32(40, true) : 0,
      links: storesLinks(type) ? BigInt(view.getUint32(16, true)) : NONE,
      device: isDevice(type)
        ? makeDevice(view.getUint32(128, true), view.getUint32(132, true))
        : NONE,
    };
  }

  #time(at: number): Timestamp {
    const view = this.#view;
    return {
      seconds: view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
      nanos: view.getUint32(at + 8, true),
    };
  }

  #device(): bigint {
    const major = this.#view.getUint32(136, true);
    const minor = this.#view.getUint32(140, true);
    if (major !== this.#major || minor !== this.#minor) {
      this.#major = major;
      this.#minor = minor;
      this.#deviceId = makeDevice(major, minor);
    }
    return this.#deviceId;
  }
}

/** Linux's 64-bit `dev_t`, as `stat` gives it (glibc and musl `makedev`). */
export function makeDevice(major: number, minor: number): bigint {
  const high = BigInt(major);
  const low = BigInt(minor);
  return (
    ((high & 0xfffff000n) << 32n) |
    ((high & 0xfffn) << 8n) |
    ((low & 0xffffff00n) << 12n) |
    (low & 0xffn)
  );
}

/** The same from Node's stat. */
export function fromNodeStat(stat: BigIntStats, withAtime: boolean): StatMeta {
  const stMode = Number(stat.mode);
  const type = nodeTypeOf(stMode);
  const mtime = fromNanos(stat.mtimeNs);
  return {
    type,
    mode: goModeOf(stMode),
    mtime,
    atime: withAtime ? fromNanos(stat.atimeNs) : mtime,
    ctime: fromNanos(stat.ctimeNs),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    inode: BigInt.asUintN(64, stat.ino),
    deviceId: BigInt.asUintN(64, stat.dev),
    size: type === "file" ? Number(stat.size) : 0,
    links: storesLinks(type) ? stat.nlink : NONE,
    device: isDevice(type) ? BigInt.asUintN(64, stat.rdev) : NONE,
  };
}

const NANOS_PER_SECOND = 1_000_000_000n;

function fromNanos(total: bigint): Timestamp {
  const nanos = ((total % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return { seconds: Number((total - nanos) / NANOS_PER_SECOND), nanos: Number(nanos) };
}
