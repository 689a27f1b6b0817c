/**
 * Where the files of a repository lie: the default layout of docs/format.md, section 1, as relative
 * `/`-separated paths. Local folders, SFTP and object stores all use it. Names are checked here, so
 * that a hostile name never becomes part of a path.
 */
import { CofferError } from "#base/errors.ts";
import type { FileRef, FileType } from "#backends/backend.ts";

const FOLDERS = {
  config: "",
  key: "keys",
  lock: "locks",
  snapshot: "snapshots",
  index: "index",
  pack: "data",
} as const satisfies Record<FileType, string>;

/** Top folder of a type; for `config` the empty string, meaning the root. */
export function typeFolder(type: FileType): string {
  return FOLDERS[type];
}

/** True for 64 lower-case hex digits, and for `config` under its own type. */
export function isFileName(type: FileType, name: string): boolean {
  return type === "config" ? name === "config" : /^[0-9a-f]{64}$/.test(name);
}

/**
 * Folder that holds the file: `data/73`, `index`, or empty for the root.
 * @throws BAD_FORMAT when the name is not one a repository can hold
 */
export function folderOf(file: FileRef): string {
  if (!isFileName(file.type, file.name)) {
    throw new CofferError("BAD_FORMAT", `Not the name of a ${file.type} file`, {
      data: { name: file.name.slice(0, 80) },
    });
  }
  return file.type === "pack" ? `data/${file.name.slice(0, 2)}` : FOLDERS[file.type];
}

/**
 * Path below the repository's root: `data/73/73d0…`, `config`.
 * @throws BAD_FORMAT as {@link folderOf}
 */
export function pathOf(file: FileRef): string {
  const folder = folderOf(file);
  return folder === "" ? file.name : `${folder}/${file.name}`;
}

/** The 256 folders of packs, `data/00` to `data/ff`. */
export function packFolders(): string[] {
  return Array.from({ length: 256 }, (_, i) => `data/${i.toString(16).padStart(2, "0")}`);
}
