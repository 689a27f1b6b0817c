/** Saves the entries of a folder, as far as one task goes. */
import { compareBytes } from "#base/bytes.ts";
import { isCorruption, messageOf } from "#base/errors.ts";
import { TreeCursor } from "#format/tree-cursor.ts";
import { encodeTree } from "#format/tree-encode.ts";
import type {
  FolderInput,
  FolderOutput,
  Part,
  PreviousTrees,
  StoredTree,
} from "#operations/backup/archive-protocol.ts";
import type { ArchiveThread } from "#operations/backup/archive-thread.ts";
import { joinPath, type RawPath } from "#operations/backup/raw-path.ts";
import { ReportBuilder } from "#operations/backup/report.ts";
import {
  reportSourceError,
  saveEntry,
  type PreviousCursors,
} from "#operations/backup/save-entry.ts";

/** Folders above are cut into slices of this many entries, so that all threads share their work. */
export const SLICE = 512;

/** Saves a folder or a slice of one; large folders, subfolders and large files are handed back. */
export async function saveFolder(thread: ArchiveThread, input: FolderInput): Promise<FolderOutput> {
  const report = new ReportBuilder(thread.emit);
  const names = input.names ?? listNames(thread, input.path, report);
  if (!names) return { ...report.build(), parts: [], failed: true };
  if (!input.names && names.length > SLICE) {
    return { ...report.build(), parts: [], names, failed: false };
  }
  const previous = await openPrevious(thread, input.previous, input.path, report);
  const parts = new PartList();
  for (const name of names) {
    const path = joinPath(input.path, name);
    const { deviceAllowed } = input;
    const place = { path, name, previous, deviceAllowed, explicit: false };
    parts.add(await saveEntry(thread, place, report));
  }
  if (input.names || parts.hasHoles) {
    return { ...report.build(), parts: parts.take(), failed: false };
  }
  const tree = await saveTree(thread, parts.nodes);
  return { ...report.build(), parts: [], tree, failed: false };
}

/** Stores a tree of encoded nodes. */
export async function saveTree(
  thread: ArchiveThread,
  nodes: readonly Uint8Array[],
): Promise<StoredTree> {
  const { saver } = thread;
  if (saver.isBusy) await saver.ready();
  const { added, addedPacked } = saver.counts;
  const bytes = encodeTree(nodes);
  const id = saver.save("tree", bytes);
  return {
    id,
    size: bytes.length,
    added: saver.counts.added - added,
    addedPacked: saver.counts.addedPacked - addedPacked,
  };
}

/** Names in tree order, tag files applied. Undefined when the folder cannot be listed. */
function listNames(
  thread: ArchiveThread,
  path: RawPath,
  report: ReportBuilder,
): Uint8Array[] | undefined {
  try {
    const names = thread.source.list(path).toSorted(compareBytes);
    return thread.exclusion.filterNames(path, names);
  } catch (error) {
    reportSourceError(error, path, report);
    return undefined;
  }
}

/** Cursors over the trees of earlier runs. A damaged one only costs reading everything again. */
export async function openPrevious(
  thread: ArchiveThread,
  trees: PreviousTrees,
  path: RawPath,
  report: ReportBuilder,
): Promise<PreviousCursors> {
  const open = async (id: Uint8Array | undefined): Promise<TreeCursor | undefined> => {
    try {
      const bytes = await thread.loadTree(id);
      return bytes && new TreeCursor(bytes);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      const message = `the earlier list of this folder is damaged, so all is read: ${messageOf(error)}`;
      report.warnings.push({ path, message });
      return undefined;
    }
  };
  return { parent: await open(trees.parent), checkpoint: await open(trees.checkpoint) };
}

/** Ready nodes in runs, holes between them. */
class PartList {
  readonly nodes: Uint8Array[] = [];
  readonly #parts: Part[] = [];
  hasHoles = false;

  add(part: Part | undefined): void {
    if (part === undefined) return;
    if (part instanceof Uint8Array) {
      this.nodes.push(part);
      return;
    }
    this.#closeRun();
    this.#parts.push(part);
    this.hasHoles = true;
  }

  take(): Part[] {
    this.#closeRun();
    return this.#parts;
  }

  #closeRun(): void {
    if (this.nodes.length === 0) return;
    this.#parts.push(joinNodes(this.nodes));
    this.nodes.length = 0;
  }
}

function joinNodes(nodes: readonly Uint8Array[]): Uint8Array {
  let length = nodes.length - 1;
  for (const node of nodes) length += node.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const node of nodes) {
    if (at > 0) out[at++] = 0x2c;
    out.set(node, at);
    at += node.length;
  }
  return out;
}
