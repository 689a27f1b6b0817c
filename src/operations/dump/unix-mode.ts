/** Modes and device numbers as Unix archives have them. */
import { GO_MODE, type NodeType } from "#format/node.ts";

/** Permission bits with setuid, setgid and sticky, of a Go file mode. */
export function permissionBits(goMode: number): number {
  const bit = (flag: number, value: number): number =>
    Math.floor(goMode / flag) % 2 === 1 ? value : 0;
  return (
    (goMode % 512) +
    bit(GO_MODE.setuid, 0o4000) +
    bit(GO_MODE.setgid, 0o2000) +
    bit(GO_MODE.sticky, 0o1000)
  );
}

/** `S_IF…` of stat(2). */
export const TYPE_BITS: Readonly<Partial<Record<NodeType, number>>> = {
  file: 0o100000,
  dir: 0o040000,
  symlink: 0o120000,
};

/** Linux's 64-bit st_rdev; see makedev(3). */
export function splitDevice(device: bigint): { readonly major: number; readonly minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
