/** This machine's files for tasks. */
import type { SourceOptions } from "#engine/node/messages.ts";
import { createNodeSource } from "#platform/node/node-source.ts";
import { openNodeTarget } from "#platform/node/restore-target.ts";
import type { Platform } from "#repository/task-pool.ts";

export function createNodePlatform(options: SourceOptions): Platform {
  return {
    source: createNodeSource({ withAtime: options.withAtime }),
    openTarget: openNodeTarget,
  };
}
