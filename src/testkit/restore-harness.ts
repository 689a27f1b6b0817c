/** Restores made-up repositories into a target in memory and collects all that was reported. */
import { MemoryBackend } from "#backends/memory.ts";
import { toHex, utf8 } from "#base/bytes.ts";
import { createInlinePool } from "#engine/inline-pool.ts";
import type { RestoreEvent, RestoreOptions, RestoreResult } from "#operations/restore/options.ts";
import { restore } from "#operations/restore/restore.ts";
import { loadIndex } from "#repository/load-index.ts";
import type { Primitives } from "#repository/primitives.ts";
import { fileNode, HostileRepository, type NodeFields } from "#testkit/hostile-repository.ts";
import type { MemoryTarget } from "#testkit/memory-target.ts";

/** A result with the events as short texts. */
export interface RestoreOutcome extends RestoreResult {
  readonly events: readonly RestoreEvent[];
  /** `action path size`. */
  readonly items: readonly string[];
  /** `CODE path`. */
  readonly errorTexts: readonly string[];
}

/** An empty repository in memory. */
export async function newRestoreRepository(primitives: Primitives): Promise<HostileRepository> {
  return HostileRepository.create(new MemoryBackend(), primitives);
}

/** Stores what the repository collected, opens it anew and restores the tree. */
export async function runRestore(
  made: HostileRepository,
  tree: Uint8Array,
  target: MemoryTarget,
  options: Partial<RestoreOptions> = {},
  signal?: AbortSignal,
): Promise<RestoreOutcome> {
  await made.flush();
  const repo = made.reopen();
  await loadIndex(repo);
  const pool = createInlinePool(repo, { openTarget: (root) => target.open(root) });
  const events: RestoreEvent[] = [];
  const all = { tree: toHex(tree), target: "/t", reportItems: true, ...options };
  const result = await restore(repo, pool, all, {
    signal,
    progress: (event) => events.push(event),
  });
  if (target.openFiles !== 0 || target.openFolders !== 0) throw new Error("left open");
  const items = events.flatMap((e) =>
    e.kind === "item" ? [`${e.action} ${e.item} ${e.size}`] : [],
  );
  const errorTexts = events.flatMap((e) =>
    e.kind === "error" ? [`${e.error.code} ${e.item}`] : [],
  );
  if (errorTexts.length !== result.errors) throw new Error("errors without an event");
  return { ...result, events, items, errorTexts };
}

/** Fields of a file whose content is these texts, a blob each. */
export function textFile(
  made: HostileRepository,
  name: string,
  parts: readonly string[],
  fields: NodeFields = {},
): NodeFields {
  const ids = parts.map((part) => made.data(part));
  return fileNode(name, ids, utf8(parts.join("")).length, fields);
}
