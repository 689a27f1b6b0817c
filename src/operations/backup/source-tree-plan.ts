/** The top of a backup's tree: sources and the folders above them, merged and in name order. */
import { compareBytes, toHex } from "#base/bytes.ts";
import type { BackupSource } from "#operations/backup/options.ts";
import type { RawPath } from "#operations/backup/raw-path.ts";

/** A name in the upper tree: a source itself, or a folder above one. */
export interface PlannedNode {
  readonly name: Uint8Array;
  readonly path: RawPath;
  readonly isSource: boolean;
  /** Named by the person, so never excluded; false for entries that stand for `.` or `/`. */
  readonly explicit: boolean;
  /** In ascending order of names. */
  readonly children: readonly PlannedNode[];
}

interface Growing {
  readonly name: Uint8Array;
  readonly path: RawPath;
  isSource: boolean;
  explicit: boolean;
  readonly children: Map<string, Growing>;
}

/** A source that has a name in the tree. */
export type NamedSource = BackupSource & { readonly name: Uint8Array; readonly explicit: boolean };

export function planSourceTree(sources: readonly NamedSource[]): PlannedNode[] {
  const top = new Map<string, Growing>();
  for (const { parents, name, path, explicit } of sources) {
    let level = top;
    for (const parent of parents) level = enter(level, parent.name, parent.path).children;
    const node = enter(level, name, path);
    node.isSource = true;
    node.explicit ||= explicit;
  }
  return finish(top);
}

function enter(level: Map<string, Growing>, name: Uint8Array, path: RawPath): Growing {
  const key = toHex(name);
  let node = level.get(key);
  if (!node) {
    node = { name, path, isSource: false, explicit: false, children: new Map() };
    level.set(key, node);
  }
  return node;
}

function finish(level: Map<string, Growing>): PlannedNode[] {
  return [...level.values()]
    .toSorted((a, b) => compareBytes(a.name, b.name))
    .map((node) => ({ ...node, children: finish(node.children) }));
}
