/** This machine's files for tasks. */
import { fromUtf8 } from "#base/bytes.ts";
import type { SourceOptions } from "#engine/node/messages.ts";
import type { SourceWarningEvent } from "#operations/backup/archive-protocol.ts";
import { createNodeSource } from "#platform/node/node-source.ts";
import { openNodeTarget } from "#platform/node/restore-target.ts";
import type { Platform } from "#repository/task-pool.ts";

/** @param emit takes {@link SourceWarningEvent}s: attributes that exist and could not be read */
export function createNodePlatform(
  options: SourceOptions,
  emit: (event: SourceWarningEvent) => void,
): Platform {
  return {
    source: createNodeSource({
      withAtime: options.withAtime,
      onWarning: ({ path, attribute, error }) => {
        const what = attribute ? `attribute ${fromUtf8(attribute)}` : "attributes";
        const message = `its ${what} could not be read: ${error.message}`;
        emit({ kind: "source-warning", path, message });
      },
    }),
    openTarget: openNodeTarget,
  };
}
