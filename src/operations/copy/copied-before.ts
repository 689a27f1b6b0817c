/** Which snapshots a repository holds already as copies (docs/format.md, section 8). */
import { compareTimestamps } from "#base/timestamp.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

/** Finds copies by the snapshot that they were made of, and by everything that copying keeps. */
export class CopiedBefore {
  readonly #byOrigin = new Map<string, StoredSnapshot[]>();

  /** @param present all snapshots of the destination */
  constructor(present: readonly StoredSnapshot[]) {
    for (const snapshot of present) this.add(snapshot);
  }

  add(snapshot: StoredSnapshot): void {
    for (const id of new Set([snapshot.id, snapshot.original ?? snapshot.id])) {
      const list = this.#byOrigin.get(id);
      if (list) list.push(snapshot);
      else this.#byOrigin.set(id, [snapshot]);
    }
  }

  /** The copy of a snapshot, if there is one. */
  find(snapshot: StoredSnapshot): StoredSnapshot | undefined {
    const candidates = this.#byOrigin.get(snapshot.original ?? snapshot.id) ?? [];
    return candidates.find((candidate) => isSame(candidate, snapshot));
  }
}

function isSame(a: StoredSnapshot, b: StoredSnapshot): boolean {
  return (
    compareTimestamps(a.time, b.time) === 0 &&
    a.tree === b.tree &&
    a.hostname === b.hostname &&
    a.username === b.username &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    sameList(a.paths, b.paths) &&
    sameList(a.tags, b.tags) &&
    sameList(a.excludes, b.excludes)
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
