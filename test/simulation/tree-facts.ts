/**
 * What a snapshot should hold, taken from the source, and what it does hold, taken from its trees
 * and blobs: two maps of path to facts that must be equal.
 */
import { fromUtf8, toHex } from "#base/bytes.ts";
import type { Crypto } from "#crypto/crypto.ts";
import { idToBytes, type HexId } from "#format/id.ts";
import type { NodeMeta } from "#format/node.ts";
import { readTree } from "#format/tree-decode.ts";
import type { MemorySource } from "#testkit/memory-source.ts";
import type { Repository } from "#repository/repository.ts";

export type TreeFacts = ReadonlyMap<string, string>;

/** Everything below `root` in the source as it is now. */
export function factsOfSource(source: MemorySource, root: string, crypto: Crypto): TreeFacts {
  const found = new Map<string, string>();
  const encoder = new TextEncoder();
  const visit = (path: string): void => {
    const raw = encoder.encode(path);
    const meta = source.lstat(raw);
    found.set(path, describe(meta, meta.type === "file" ? hashFile(source, raw, crypto) : ""));
    if (meta.type !== "dir") return;
    for (const name of source.list(raw)) visit(`${path}/${fromUtf8(name)}`);
  };
  visit(root);
  source.calls.length = 0;
  return new Map([...found].toSorted(byPath));
}

function hashFile(source: MemorySource, raw: Uint8Array, crypto: Crypto): string {
  const file = source.open(raw);
  const bytes = new Uint8Array(file.meta.size);
  let at = 0;
  while (at < bytes.length) {
    const count = file.read(bytes, at, bytes.length - at);
    if (count === 0) break;
    at += count;
  }
  file.close();
  return toHex(crypto.sha256(bytes));
}

/** Everything below the root of a stored tree. @throws whatever reading a tree or blob throws */
export async function factsOfTree(repo: Repository, tree: HexId): Promise<TreeFacts> {
  const found = new Map<string, string>();
  const visit = async (id: Uint8Array, above: string): Promise<void> => {
    for (const { node } of readTree(await repo.loadBlob("tree", id))) {
      const path = `${above}/${fromUtf8(node.name)}`;
      const isFile = node.type === "file";
      found.set(path, describe(node, isFile ? await hashContent(repo, node.content!) : ""));
      if (node.subtree) await visit(node.subtree, path);
    }
  };
  await visit(idToBytes(tree), "");
  return new Map([...found].toSorted(byPath));
}

async function hashContent(repo: Repository, content: Uint8Array): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < content.length; i += 32) {
    parts.push(await repo.loadBlob("data", content.subarray(i, i + 32)));
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return toHex(repo.primitives.crypto.sha256(bytes));
}

function describe(meta: NodeMeta, hash: string): string {
  const { type, mode, uid, gid, user, mtime, inode, links, xattrs } = meta;
  const target = meta.linkTarget ? fromUtf8(meta.linkTarget) : "";
  const attributes = xattrs.map(({ name, value }) => `${fromUtf8(name)}=${toHex(value)}`).join();
  const size = type === "file" ? meta.size : 0;
  const facts = [type, mode, uid, gid, user, mtime.seconds, mtime.nanos, inode, links, size];
  return [...facts, hash, target, attributes].join(" ");
}

function byPath(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : 1;
}
