/** A folder whose tree is being put together from the answers of several tasks. */
import { completeFolder } from "#format/tree-encode.ts";
import type { PreviousTrees } from "#operations/backup/archive-protocol.ts";
import type { RawPath } from "#operations/backup/raw-path.ts";

/** Ready nodes, a folder below, a slice's own list, or nothing (yet). */
type Slot = Uint8Array | ArchiveFolder | Section | undefined;

/** Places in tree order, filled in any order. */
export class Section {
  readonly #slots: Slot[] = [];

  /** The next place. */
  reserve(): number {
    return this.#slots.push(undefined) - 1;
  }

  fill(slot: number, value: Slot): void {
    this.#slots[slot] = value;
  }

  /** What is there now, slices flattened: ready nodes, and folders that are still open. */
  *entries(): Generator<Uint8Array | ArchiveFolder> {
    for (const slot of this.#slots) {
      if (slot instanceof Section) yield* slot.entries();
      else if (slot !== undefined) yield slot;
    }
  }
}

/** Where a node goes. */
export interface Place {
  readonly folder: ArchiveFolder;
  readonly section: Section;
  readonly slot: number;
}

export interface FolderFacts {
  readonly path: RawPath;
  readonly previous: PreviousTrees;
  /** The folder was in the parent snapshot. */
  readonly known: boolean;
  readonly deviceAllowed: boolean;
  /** The node's bytes up to its subtree; undefined for the root tree, which has no node. */
  readonly head: Uint8Array | undefined;
}

/** One folder of the walk, from its listing to its stored tree. */
export class ArchiveFolder {
  readonly facts: FolderFacts;
  readonly place: Place | undefined;
  readonly section = new Section();
  /** Entries and tasks not finished yet. */
  open = 0;

  constructor(facts: FolderFacts, place: Place | undefined) {
    this.facts = facts;
    this.place = place;
    if (place) {
      place.section.fill(place.slot, this);
      place.folder.open++;
    }
  }

  /** A new place at the end of the folder. */
  reserve(): Place {
    return { folder: this, section: this.section, slot: this.section.reserve() };
  }

  /** Puts the finished folder's node into its place, or takes the folder out of it. */
  close(tree: Uint8Array | undefined): void {
    const { place } = this;
    if (!place) return;
    const node = tree && this.facts.head ? completeFolder(this.facts.head, tree) : undefined;
    place.section.fill(place.slot, node);
    place.folder.open--;
  }

  /** Encoded nodes in order; call when nothing is open. */
  readyNodes(): Uint8Array[] {
    const nodes: Uint8Array[] = [];
    for (const entry of this.section.entries()) if (entry instanceof Uint8Array) nodes.push(entry);
    return nodes;
  }
}
