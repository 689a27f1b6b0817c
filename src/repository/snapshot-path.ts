/** From a path within a snapshot to its tree, following folders only. */
import { toHex, utf8 } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { Node } from "#format/node.ts";
import { TreeCursor } from "#format/tree-decode.ts";
import type { Repository } from "#repository/repository.ts";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

/** A cursor over a stored tree; errors name the tree. @throws what loading a blob throws */
export async function openTree(
  repo: Repository,
  tree: Uint8Array,
  options: Cancel = {},
): Promise<TreeCursor> {
  const bytes = await repo.loadBlob("tree", tree, options);
  return new TreeCursor(bytes, { what: `Tree ${toHex(tree, 0, 4)}` });
}

/**
 * The entry at a path below a root tree; one tree is loaded a level.
 * @param path parts joined by `/`, not empty
 * @throws PATH_NOT_FOUND, BAD_TREE and what loading a blob throws
 */
export async function nodeAtPath(
  repo: Repository,
  root: Uint8Array,
  path: string,
  options: Cancel = {},
): Promise<Node> {
  let tree: Uint8Array | undefined = root;
  let node: Node | undefined;
  for (const part of path.split("/")) {
    if (tree === undefined) throw notFound(path);
    node = findNode(await openTree(repo, tree, options), utf8(part));
    if (!node) throw notFound(path);
    tree = node.type === "dir" ? node.subtree : undefined;
  }
  if (!node) throw notFound(path);
  return node;
}

/**
 * Tree id of a folder in a snapshot: what `<snapshot>:<folder>` means.
 * @param folder parts joined by `/`; empty for the root itself
 * @throws PATH_NOT_FOUND, also for what is not a folder
 */
export async function treeOfFolder(
  repo: Repository,
  root: Uint8Array,
  folder: string,
  options: Cancel = {},
): Promise<Uint8Array> {
  if (folder === "") return root;
  const { subtree } = await nodeAtPath(repo, root, folder, options);
  if (!subtree) throw new CofferError("PATH_NOT_FOUND", `${JSON.stringify(folder)} is no folder`);
  return subtree;
}

/**
 * Looks at every entry, since foreign trees need not be sorted. The first of two equal names
 * counts.
 */
function findNode(cursor: TreeCursor, name: Uint8Array): Node | undefined {
  while (cursor.next()) if (cursor.nameEquals(name)) return cursor.decode();
  return undefined;
}

function notFound(path: string): CofferError {
  return new CofferError("PATH_NOT_FOUND", `The snapshot holds no ${JSON.stringify(path)}`);
}
