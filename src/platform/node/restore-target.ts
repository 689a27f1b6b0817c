/** Opens a folder of this machine as a restore target, in the safest way that the system offers. */
import { closeSync, mkdirSync, openSync, constants, realpathSync } from "node:fs";
import { groupIdOf, userIdOf } from "#platform/node/account-ids.ts";
import { OPEN, restoreCalls } from "#platform/node/restore-calls.ts";
import { DescriptorFolder } from "#platform/node/restore-folder.ts";
import { PathFolder } from "#platform/node/restore-path-folder.ts";
import type { RestoreTarget, TargetFolder } from "#platform/restore-target.ts";

const DOT = Uint8Array.of(0x2e);

/** A target rooted at the folder; nothing is touched before `openRoot`. */
export function openNodeTarget(root: string): RestoreTarget {
  return {
    root,
    synchronous: true,
    openRoot(make): TargetFolder {
      if (make) mkdirSync(root, { recursive: true });
      const calls = restoreCalls();
      if (calls === undefined) return new PathFolder(Buffer.from(realpathSync(root)));
      const flags = constants.O_RDONLY | constants.O_DIRECTORY;
      // A copy that these calls opened, so that they may close it.
      const opened = openSync(root, flags);
      try {
        return new DescriptorFolder(calls.open(opened, DOT, OPEN.folder, 0), calls);
      } finally {
        closeSync(opened);
      }
    },
    ownerOf(user, group, uid, gid) {
      return [userIdOf(user) ?? uid, groupIdOf(group) ?? gid];
    },
  };
}
