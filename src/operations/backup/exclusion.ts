/**
 * Decides which entries are left out: patterns, tag files, size, device (restic-behaviour, section
 * 5).
 */
import { equalBytes, utf8 } from "#base/bytes.ts";
import { createExcludeFilter, type PathFilter } from "#filter/exclude.ts";
import type { NodeMeta } from "#format/node.ts";
import type { ExcludeOptions } from "#operations/backup/options.ts";
import { joinPath, type RawPath } from "#operations/backup/raw-path.ts";
import type { SourceTree } from "#platform/source-tree.ts";

/** First bytes of a valid cache tag: bford.info/cachedir. */
const CACHE_TAG = "CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55";

interface TagFile {
  readonly name: Uint8Array;
  readonly header: Uint8Array;
}

export class Exclusion {
  readonly #filters: readonly PathFilter[];
  readonly #tags: readonly TagFile[];
  readonly #largerThan: number | undefined;
  readonly #devices: ReadonlySet<bigint> | undefined;
  readonly #source: SourceTree;

  constructor(options: ExcludeOptions, devices: readonly bigint[], source: SourceTree) {
    const filters: PathFilter[] = [];
    if (options.patterns.length > 0) filters.push(createExcludeFilter(options.patterns));
    if (options.insensitivePatterns.length > 0) {
      filters.push(createExcludeFilter(options.insensitivePatterns, { insensitive: true }));
    }
    const texts = options.caches ? [...options.ifPresent, CACHE_TAG] : options.ifPresent;
    this.#filters = filters;
    this.#tags = texts.map(parseTag);
    this.#largerThan = options.largerThan;
    this.#devices = options.oneFileSystem ? new Set(devices) : undefined;
    this.#source = source;
  }

  /** Left out by its path alone; nothing was asked of the file system yet. */
  excludesPath(path: RawPath): boolean {
    for (const filter of this.#filters) if (filter.matchesRaw(path)) return true;
    return false;
  }

  /** Left out by what it is. A mount point stays as an empty folder. */
  excludesEntry(meta: NodeMeta, folderDeviceAllowed: boolean): boolean {
    if (this.#largerThan !== undefined && meta.type === "file" && meta.size > this.#largerThan) {
      return true;
    }
    if (this.allowsDevice(meta)) return false;
    return !(meta.type === "dir" && folderDeviceAllowed);
  }

  allowsDevice(meta: NodeMeta): boolean {
    return this.#devices === undefined || this.#devices.has(meta.deviceId);
  }

  /** The names to look at in a folder: all of them, or the tag files that say to skip the rest. */
  filterNames(folder: RawPath, names: Uint8Array[]): Uint8Array[] {
    const present = this.#tags.filter((tag) => this.#isTagged(folder, names, tag));
    if (present.length === 0) return names;
    return names.filter((name) => present.every((tag) => equalBytes(tag.name, name)));
  }

  #isTagged(folder: RawPath, names: readonly Uint8Array[], tag: TagFile): boolean {
    if (!names.some((name) => equalBytes(name, tag.name))) return false;
    if (tag.header.length === 0) return true;
    try {
      const file = this.#source.open(joinPath(folder, tag.name));
      try {
        const start = new Uint8Array(tag.header.length);
        let at = 0;
        for (let n = 1; n > 0 && at < start.length; at += n) {
          n = file.read(start, at, start.length - at);
        }
        return at === start.length && equalBytes(start, tag.header);
      } finally {
        file.close();
      }
    } catch {
      // A tag that cannot be read does not count: saving too much is the safe side.
      return false;
    }
  }
}

function parseTag(text: string): TagFile {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  return { name: utf8(name), header: utf8(colon < 0 ? "" : text.slice(colon + 1)) };
}
