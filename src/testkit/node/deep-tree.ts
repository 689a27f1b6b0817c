/** Chains of folders deeper than any path the kernel takes; made and removed by descriptors. */
import { spawnSync } from "node:child_process";
import { constants, mkdirSync } from "node:fs";
import { utf8 } from "#base/bytes.ts";
import { posixCalls } from "#platform/node/posix-calls.ts";

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/**
 * Makes `root` and `levels` folders, each in the one before, named `name`; and an empty file named
 * `bottom` in the last. Returns the absolute raw path of the last folder.
 */
export function makeDeepTree(root: string, levels: number, name: string): Uint8Array {
  const calls = posixCalls();
  if (calls === undefined) throw new Error("deep trees need the native calls");
  const raw = utf8(name);
  mkdirSync(root);
  let fd = calls.openat(calls.constants.AT_FDCWD, utf8(root), FOLDER);
  for (let level = 0; level < levels; level++) {
    calls.mkdirat(fd, raw, 0o755);
    const next = calls.openat(fd, raw, FOLDER);
    calls.close(fd);
    fd = next;
  }
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  calls.close(calls.openat(fd, utf8("bottom"), flags, 0o644));
  calls.close(fd);
  return utf8(root + `/${name}`.repeat(levels));
}

/** Removes a tree of any depth. Node's own recursive removal gives up at about 2,000 levels. */
export function removeTree(root: string): void {
  const { status, stderr, error } = spawnSync("rm", ["-rf", "--", root]);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr.toString());
}
