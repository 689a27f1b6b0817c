/** A tree entry as a line of `ls`. */
import type { Clock } from "#base/clock.ts";
import { formatBytes, formatLocalTime, formatMode } from "#cli/text/format-human.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { GO_MODE, type NodeType } from "#format/node.ts";
import type { LsEntry } from "#operations/ls.ts";

export interface LineOptions {
  readonly long: boolean;
  readonly human: boolean;
  readonly clock: Clock;
}

/** The mode bits of a type, for entries whose stored mode lacks them. */
const TYPE_BITS: Partial<Record<NodeType, number>> = {
  dir: GO_MODE.dir,
  symlink: GO_MODE.symlink,
  dev: GO_MODE.device,
  chardev: GO_MODE.device + GO_MODE.charDevice,
  fifo: GO_MODE.namedPipe,
  socket: GO_MODE.socket,
};

/** The path, or with `long`: mode, owner, group, size, time, path, link target. */
export function nodeLine({ path, node }: LsEntry, { long, human, clock }: LineOptions): string {
  const name = terminalText(path);
  if (!long) return name;
  const bytes = node.type === "file" ? node.size : 0;
  const size = human ? formatBytes(bytes) : String(bytes).padStart(6);
  const target =
    node.type === "symlink" ? ` -> ${terminalText(node.linkTarget ?? new Uint8Array())}` : "";
  return [
    formatMode(withType(node.mode, TYPE_BITS[node.type] ?? 0)),
    String(node.uid).padStart(5),
    String(node.gid).padStart(5),
    size,
    formatLocalTime(node.mtime, clock),
    `${name}${target}`,
  ].join(" ");
}

/** Bitwise or, beyond 31 bits. */
function withType(mode: number, bits: number): number {
  return Number(BigInt(mode) | BigInt(bits));
}
