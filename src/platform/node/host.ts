/** Facts about this machine and its user that end up in snapshots, locks and defaults. */
import { availableParallelism, hostname, totalmem, userInfo } from "node:os";
import { systemCode } from "#platform/node/system-error.ts";

export interface Host {
  /** As the system has it, without adding a domain: what restic records. */
  readonly hostname: string;
  /** Login name; empty where the account has none. */
  readonly userName: string;
  /** 0 where there are no numeric ids (Windows), as restic records there. */
  readonly uid: number;
  readonly gid: number;
  /** Processors this process may use, cgroup and affinity limits included; at least 1. */
  readonly processors: number;
  /** Memory in bytes that this process may use: the cgroup's limit or the machine's. */
  readonly memoryBytes: number;
  readonly pid: number;
}

/** Reads the facts; costs a few system calls. */
export function readHost(): Host {
  return {
    hostname: hostname(),
    userName: currentUserName(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    processors: Math.max(1, availableParallelism()),
    memoryBytes: availableMemoryBytes(),
    pid: process.pid,
  };
}

function currentUserName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run under an id without an account.
    if (systemCode(error) === "ERR_SYSTEM_ERROR" || systemCode(error) === "ENOENT") return "";
    throw error;
  }
}

function availableMemoryBytes(): number {
  const limit = process.constrainedMemory();
  // 0, or a huge number, where nothing limits it.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
