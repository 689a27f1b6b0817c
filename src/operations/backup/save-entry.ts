/** Saves one entry of a folder, or says what is left to do for it. */
import { CofferError } from "#base/errors.ts";
import type { Node, NodeMeta } from "#format/node.ts";
import type { TreeCursor } from "#format/tree-cursor.ts";
import { encodeFolderHead, encodeNode } from "#format/tree-encode.ts";
import type {
  FileHole,
  FileInput,
  FileProgress,
  Part,
} from "#operations/backup/archive-protocol.ts";
import type { ArchiveThread } from "#operations/backup/archive-thread.ts";
import { allStored, contentFromTail, sameContent } from "#operations/backup/change-detection.ts";
import type { ItemAction } from "#operations/backup/options.ts";
import type { RawPath } from "#operations/backup/raw-path.ts";
import { systemCode, type ReportBuilder } from "#operations/backup/report.ts";
import { saveContent } from "#operations/backup/save-file.ts";
import type { SourceFile } from "#platform/source-tree.ts";

/** Files above get a task of their own, so that a folder's task stays short. */
const INLINE_FILE = 1024 * 1024;

const NO_CONTENT = new Uint8Array(0);
/** What follows the ids in a file's node: `]}`. */
const NODE_END = 2;

/** The folder's trees of earlier runs, read forward in step with its names. */
export interface PreviousCursors {
  readonly parent: TreeCursor | undefined;
  readonly checkpoint: TreeCursor | undefined;
}

export interface EntryPlace {
  readonly path: RawPath;
  /** Name in the tree. */
  readonly name: Uint8Array;
  readonly previous: PreviousCursors;
  /** The folder around it is on an allowed device. */
  readonly deviceAllowed: boolean;
  /** Named by the person: never excluded. */
  readonly explicit: boolean;
}

/**
 * @returns the node or a hole; undefined when the entry is excluded, gone, unreadable or a socket
 * @throws CofferError only: the storage failed, so the backup cannot go on
 */
export async function saveEntry(
  thread: ArchiveThread,
  place: EntryPlace,
  report: ReportBuilder,
): Promise<Part | undefined> {
  const { path, name, explicit } = place;
  if (!explicit && thread.exclusion.excludesPath(path)) return undefined;
  let meta: NodeMeta;
  try {
    meta = thread.source.lstat(path);
  } catch (error) {
    reportSourceError(error, path, report, explicit);
    return undefined;
  }
  if (!explicit && thread.exclusion.excludesEntry(meta, place.deviceAllowed)) return undefined;
  switch (meta.type) {
    case "dir":
      return folderHole(thread, place, meta);
    case "file":
      return saveFileEntry(thread, place, meta, report);
    case "socket":
    case "irregular":
    case "":
      return undefined;
    case "symlink":
    case "dev":
    case "chardev":
    case "fifo":
      return encodeNode(meta, name, null, undefined, thread.formatTime);
  }
}

/**
 * Source errors are collected: the rest of the backup goes on. A vanished entry is no error, unless
 * a person asked for it by name. Everything else is rethrown.
 */
export function reportSourceError(
  error: unknown,
  path: RawPath,
  report: ReportBuilder,
  explicit = false,
): void {
  const code = systemCode(error);
  if (error instanceof CofferError || !/^E[A-Z0-9]+$/.test(code)) throw error;
  if (code !== "ENOENT" || explicit) report.fail(path, error);
}

function folderHole(thread: ArchiveThread, place: EntryPlace, meta: NodeMeta): Part {
  const parent = subtreeOf(place.previous.parent, place.name);
  const checkpoint = subtreeOf(place.previous.checkpoint, place.name);
  return {
    kind: "folder",
    name: place.name,
    head: encodeFolderHead(meta, place.name, thread.formatTime),
    previous: { parent: parent.tree, checkpoint: checkpoint.tree },
    known: parent.known,
    deviceAllowed: thread.exclusion.allowsDevice(meta),
  };
}

function subtreeOf(
  cursor: TreeCursor | undefined,
  name: Uint8Array,
): { known: boolean; tree: Uint8Array | undefined } {
  if (!cursor?.seek(name)) return { known: false, tree: undefined };
  const node = cursor.decode();
  return { known: true, tree: node.type === "dir" ? node.subtree : undefined };
}

async function saveFileEntry(
  thread: ArchiveThread,
  place: EntryPlace,
  meta: NodeMeta,
  report: ReportBuilder,
): Promise<Part | undefined> {
  const { path, name, previous } = place;
  const known = previous.parent?.seek(name) ?? false;
  const kept = keptNode(thread, meta, name, previous.parent, known, path, report);
  if (kept) {
    finishItem(thread, report, path, "unchanged", meta.size);
    return kept;
  }
  const inCheckpoint = previous.checkpoint?.seek(name) ?? false;
  const saved = keptNode(thread, meta, name, previous.checkpoint, inCheckpoint, path, report);
  if (saved) {
    finishItem(thread, report, path, known ? "modified" : "new", meta.size);
    return saved;
  }
  if (meta.size > INLINE_FILE) return { kind: "file", name, known } satisfies FileHole;
  return (await saveFile(thread, { path, name, known }, meta, report)).node;
}

/** The node with the content of an earlier run, when nothing says that the content changed. */
function keptNode(
  thread: ArchiveThread,
  meta: NodeMeta,
  name: Uint8Array,
  cursor: TreeCursor | undefined,
  present: boolean,
  path: RawPath,
  report: ReportBuilder,
): Uint8Array | undefined {
  if (!present || !cursor) return undefined;
  const fresh = encodeNode(meta, name, NO_CONTENT, undefined, thread.formatTime);
  const raw = cursor.rawNode;
  const head = fresh.length - NODE_END;
  let content = startsWith(raw, fresh, head) ? contentFromTail(raw, head) : undefined;
  const same = content !== undefined;
  let size = meta.size;
  if (content === undefined) {
    const before: Node = cursor.decode();
    if (!sameContent(meta, before, thread.settings.change)) return undefined;
    content = before.content!;
    size = before.size;
  }
  if (!allStored(thread.context.repository.index, content)) {
    const message = "its stored content is incomplete, so it is read again";
    report.warnings.push({ path, message });
    return undefined;
  }
  return same ? raw : encodeNode(meta, name, content, undefined, thread.formatTime, size);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array, length: number): boolean {
  if (bytes.length < length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

export interface SavedFile {
  readonly node?: Uint8Array | undefined;
  readonly resume?: FileProgress | undefined;
}

/**
 * Reads a file and encodes its node, or stops at the task limit.
 * @param known metadata taken just before; by a resumed task it is taken again
 */
export async function saveFile(
  thread: ArchiveThread,
  input: FileInput,
  known: NodeMeta | undefined,
  report: ReportBuilder,
): Promise<SavedFile> {
  const { path, name, resume } = input;
  const { counts } = thread.saver;
  const before = { added: counts.added, packed: counts.addedPacked };
  let file: SourceFile | undefined;
  try {
    // Metadata from before the reading: if the file changes meanwhile, the next run sees a newer
    // time.
    const meta = known ?? thread.source.lstat(path);
    file = thread.source.open(path);
    if (resume && (meta.inode !== resume.inode || meta.deviceId !== resume.deviceId)) {
      throw Object.assign(new Error("it was replaced while it was read"), { code: "ECHANGED" });
    }
    const saved = await saveContent(thread, file, path, report, resume);
    const added = (resume?.added ?? 0) + counts.added - before.added;
    const addedPacked = (resume?.addedPacked ?? 0) + counts.addedPacked - before.packed;
    if (!saved.complete) {
      const { inode, deviceId } = meta;
      const { content, size: offset } = saved;
      return { resume: { offset, content, inode, deviceId, added, addedPacked } };
    }
    const action: ItemAction = input.known ? "modified" : "new";
    finishItem(thread, report, path, action, saved.size, added, addedPacked);
    const { content, size } = saved;
    return { node: encodeNode(meta, name, content, undefined, thread.formatTime, size) };
  } catch (error) {
    reportSourceError(error, path, report);
    return {};
  } finally {
    file?.close();
  }
}

function finishItem(
  thread: ArchiveThread,
  report: ReportBuilder,
  path: RawPath,
  action: ItemAction,
  size: number,
  added = 0,
  addedPacked = 0,
): void {
  report.file(action, size);
  if (action === "unchanged") report.progress(size, path);
  if (!thread.settings.reportItems) return;
  report.items.push({ kind: "item", action, type: "file", path, size, added, addedPacked });
}
