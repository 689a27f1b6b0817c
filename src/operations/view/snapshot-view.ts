/**
 * All snapshots as one tree: `ids/<id>`, `hosts/<host>/<time>`, `tags/<tag>/<time>`, each of the
 * last two with `latest`. Links, devices and pipes are left out: not every client knows them.
 *
 * Memory: 8 MiB of trees that were looked at last.
 */
import { equalBytes, toHex, utf8 } from "#base/bytes.ts";
import { idToBytes } from "#format/id.ts";
import { nameProblem } from "#format/safe-name.ts";
import { formatTime } from "#format/time.ts";
import { readTree } from "#format/tree-decode.ts";
import type { View, ViewEntry } from "#operations/view/view-types.ts";
import type { Repository } from "#repository/repository.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

const KEPT_BYTES = 8 * 1024 * 1024;
const NONE = new Uint8Array(0);

/** A made-up folder, or the root of a snapshot. */
type Place =
  | { readonly kind: "folder"; readonly children: ReadonlyMap<string, Place> }
  | { readonly kind: "snapshot"; readonly snapshot: StoredSnapshot };

/** @param snapshots oldest first; those that are there now stay what is shown */
export function createSnapshotView(repo: Repository, snapshots: readonly StoredSnapshot[]): View {
  return new SnapshotView(repo, snapshots);
}

class SnapshotView implements View {
  readonly #repo: Repository;
  readonly #root: Place;
  readonly #newest: StoredSnapshot | undefined;
  readonly #kept = new Map<string, Uint8Array>();
  #keptBytes = 0;

  constructor(repo: Repository, snapshots: readonly StoredSnapshot[]) {
    this.#repo = repo;
    this.#root = arrange(snapshots);
    this.#newest = snapshots.at(-1);
  }

  async find(path: readonly Uint8Array[]): Promise<ViewEntry | undefined> {
    const name = path.at(-1);
    if (name === undefined) return this.#folder(NONE, this.#newest);
    const place = this.#place(path);
    if (place?.rest.length === 0) {
      const { at } = place;
      return this.#folder(name, at.kind === "snapshot" ? at.snapshot : this.#newest);
    }
    const siblings = await this.list(path.slice(0, -1));
    return siblings?.find((entry) => equalBytes(entry.name, name));
  }

  async list(path: readonly Uint8Array[]): Promise<readonly ViewEntry[] | undefined> {
    const place = this.#place(path);
    if (!place) return undefined;
    const { at, rest } = place;
    if (at.kind === "folder") {
      return [...at.children].map(([name, child]) =>
        this.#folder(utf8(name), child.kind === "snapshot" ? child.snapshot : this.#newest),
      );
    }
    let tree: Uint8Array | undefined = idToBytes(at.snapshot.tree);
    for (const name of rest) {
      tree = tree && (await this.#subtree(tree, name));
    }
    return tree && this.#entries(tree);
  }

  /** As far as made-up folders go, and the names within a snapshot that are left. */
  #place(path: readonly Uint8Array[]): { at: Place; rest: readonly Uint8Array[] } | undefined {
    let at = this.#root;
    for (const [depth, name] of path.entries()) {
      if (at.kind === "snapshot") return { at, rest: path.slice(depth) };
      const next: Place | undefined = at.children.get(new TextDecoder().decode(name));
      if (!next) return undefined;
      at = next;
    }
    return { at, rest: [] };
  }

  #folder(name: Uint8Array, snapshot: StoredSnapshot | undefined): ViewEntry {
    const mtime = snapshot?.time ?? { seconds: 0, nanos: 0 };
    return { name, isFolder: true, size: 0, mtime, content: NONE };
  }

  async #subtree(tree: Uint8Array, name: Uint8Array): Promise<Uint8Array | undefined> {
    for (const { node } of readTree(await this.#load(tree))) {
      if (equalBytes(node.name, name)) return node.type === "dir" ? node.subtree : undefined;
    }
    return undefined;
  }

  async #entries(tree: Uint8Array): Promise<ViewEntry[]> {
    const entries: ViewEntry[] = [];
    for (const { node } of readTree(await this.#load(tree))) {
      const { name, type, size, mtime } = node;
      if ((type !== "file" && type !== "dir") || nameProblem(name) !== undefined) continue;
      const isFolder = type === "dir";
      entries.push({ name, isFolder, size, mtime, content: node.content ?? NONE });
    }
    return entries;
  }

  async #load(tree: Uint8Array): Promise<Uint8Array> {
    const key = toHex(tree);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const bytes = await this.#repo.loadBlob("tree", tree);
    if (bytes.length > KEPT_BYTES / 8 || this.#kept.has(key)) return bytes;
    this.#kept.set(key, bytes);
    this.#keptBytes += bytes.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= old.length;
    }
    return bytes;
  }
}

function arrange(snapshots: readonly StoredSnapshot[]): Place {
  const folder = (children: ReadonlyMap<string, Place>): Place => ({ kind: "folder", children });
  const leaf = (snapshot: StoredSnapshot): Place => ({ kind: "snapshot", snapshot });
  const ids = new Map(snapshots.map((each) => [each.id.slice(0, 8), leaf(each)]));
  const groups = (namesOf: (snapshot: StoredSnapshot) => readonly string[]): Place => {
    const found = new Map<string, StoredSnapshot[]>();
    for (const snapshot of snapshots) {
      for (const name of namesOf(snapshot)) {
        // A name with a slash, or none, cannot be a folder of its own.
        const safe = nameProblem(utf8(name)) === undefined ? name : encodeURIComponent(name);
        if (safe === "" || safe === "." || safe === "..") continue;
        const list = found.get(safe);
        if (list) list.push(snapshot);
        else found.set(safe, [snapshot]);
      }
    }
    return folder(new Map([...found].map(([name, list]) => [name, folder(byTime(list))])));
  };
  const byTime = (list: readonly StoredSnapshot[]): Map<string, Place> => {
    const named = new Map<string, Place>();
    for (const snapshot of list) {
      const base = timeName(snapshot);
      let name = base;
      for (let n = 2; named.has(name); n++) name = `${base}-${n}`;
      named.set(name, leaf(snapshot));
    }
    named.set("latest", leaf(list.at(-1)!));
    return named;
  };
  return folder(
    new Map([
      ["ids", folder(ids)],
      ["hosts", groups((snapshot) => [snapshot.hostname])],
      ["tags", groups((snapshot) => snapshot.tags)],
    ]),
  );
}

/** `2026-11-24T04-30-18+01-00`: Windows allows no colons. */
function timeName({ time }: StoredSnapshot): string {
  return formatTime({ ...time, nanos: 0 }).replaceAll(":", "-");
}
